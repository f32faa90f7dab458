/** A cell of a report: whole numbers in groups of three, others with three decimals or one, nothing as a dash. */
export const shown = (value) => {
  if (value === null || value === undefined) return '–';
  if (typeof value !== 'number') return String(value);
  if (!Number.isInteger(value)) return value.toFixed(value < 10 ? 3 : 1);
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
};

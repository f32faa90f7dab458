/** Residues coprime to 30, in the order of the bits of a byte. */
export const residues: usize = memory.data<u8>([1, 7, 11, 13, 17, 19, 23, 29]);

/** Bit of each residue; 0 where there is none. */
const bitOfResidue: usize = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 3, 0, 0, 0, 4, 0, 5, 0, 0, 0, 6, 0, 0, 0, 0, 0, 7,
]);

/** Bit on which the product of residue `turn` and residue number `j` lies. */
// @ts-ignore: decorator
@inline
export function bitOfProduct(turn: u32, j: i32): u32 {
  return load<u8>(bitOfResidue + ((turn * load<u8>(residues + j)) % 30));
}

/** Whole turns of the wheel in that product. */
// @ts-ignore: decorator
@inline
export function byteOfProduct(turn: u32, j: i32): u32 {
  return (turn * load<u8>(residues + j)) / 30;
}

/** Bits of the residues below `residue`, 0 … 29. */
export function belowResidue(residue: u32): u32 {
  let mask: u32 = 0;
  for (let bit = 0; bit < 8; bit++) if (<u32>load<u8>(residues + bit) < residue) mask |= 1 << bit;
  return mask;
}

/** What is to be ended, the last first: replicas before the database that they use. */
export interface Owner {
  after(cleanUp: () => void | Promise<void>): void;
  /** Ends all of it; what fails does not keep the rest from ending, and is thrown at the end. Idempotent. */
  end(): Promise<void>;
}

export const openOwner = (): Owner => {
  const cleanUps: (() => void | Promise<void>)[] = [];
  return {
    after: (cleanUp) => void cleanUps.push(cleanUp),
    async end() {
      const errors: unknown[] = [];
      for (let cleanUp = cleanUps.pop(); cleanUp !== undefined; cleanUp = cleanUps.pop()) {
        try {
          await cleanUp();
        } catch (error) {
          errors.push(error);
        }
      }
      if (errors.length > 0) throw new AggregateError(errors, 'not everything could be ended');
    },
  };
};

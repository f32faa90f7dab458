/** Who listens to what. Empty topics are forgotten. */
export class Topic<Subscriber> {
  readonly name: string;
  readonly subscribers = new Set<Subscriber>();

  constructor(name: string) {
    this.name = name;
  }
}

export class Topics<Subscriber> {
  readonly #topics = new Map<string, Topic<Subscriber>>();

  get(name: string): Topic<Subscriber> | undefined {
    return this.#topics.get(name);
  }

  add(name: string, subscriber: Subscriber): Topic<Subscriber> {
    let topic = this.#topics.get(name);
    if (topic === undefined) {
      topic = new Topic(name);
      this.#topics.set(name, topic);
    }
    topic.subscribers.add(subscriber);
    return topic;
  }

  remove(topic: Topic<Subscriber>, subscriber: Subscriber): void {
    topic.subscribers.delete(subscriber);
    if (topic.subscribers.size === 0 && this.#topics.get(topic.name) === topic) this.#topics.delete(topic.name);
  }
}

import type { ContainerRecord } from '../../schemas/index.ts';

/**
 * How often each container was frozen to be saved: odd while it is so. What a probe says of a time in which the number changed says
 * nothing.
 */
export class FreezeCount {
  readonly #counts = new Map<string, number>();

  note(name: string, record: ContainerRecord | null): void {
    if (record === null) {
      this.#counts.delete(name);
      return;
    }
    const count = this.of(name);
    const isFrozen = record.intent?.verb === 'checkpoint';
    if (isFrozen !== (count % 2 === 1)) this.#counts.set(name, count + 1);
  }

  of(name: string): number {
    return this.#counts.get(name) ?? 0;
  }
}

import type { Random } from './random.ts';

/** Something that takes untrusted bytes. */
export interface FuzzTarget {
  name: string;
  /** One try. Throws for what must never happen; a refusal is all right. */
  run(random: Random): Promise<void>;
}

/** A layer that is not unpacked, because of one of its entries or because of the archive as a whole. */
export class LayerRefusal extends Error {
  override readonly name = 'LayerRefusal';
  /** The name of the entry as the archive has it; null when no entry is to blame. */
  readonly entry: string | null;
  readonly reason: string;

  constructor(entry: string | null, reason: string, options: { cause?: unknown } = {}) {
    super(entry === null ? reason : `entry ${quoteEntry(entry)}: ${reason}`, options);
    this.entry = entry;
    this.reason = reason;
  }
}

const QUOTED_LENGTH = 160;

/** A hostile name may hold control characters, and be long. */
function quoteEntry(name: string): string {
  if (name.length <= QUOTED_LENGTH) return JSON.stringify(name);
  return `${JSON.stringify(name.slice(0, QUOTED_LENGTH))}… (${String(name.length)} characters)`;
}

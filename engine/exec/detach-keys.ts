import { EngineError } from '../engine-error.ts';

/** `ctrl-p,ctrl-q` → the bytes that a terminal sends for these keys. An empty text means no keys. */
export function parseDetachKeys(text: string): Buffer {
  if (text === '') return Buffer.alloc(0);
  return Buffer.from(text.split(',').map((key) => keyByte(key, text)));
}

function keyByte(key: string, text: string): number {
  const control = /^ctrl-([a-z@[\\\]^_])$/i.exec(key)?.[1];
  // The control characters are the low five bits of the letter, ascii(7).
  if (control !== undefined) return control.toUpperCase().charCodeAt(0) & 0x1f;
  if (/^[\x21-\x7e]$/.test(key)) return key.charCodeAt(0);
  throw new EngineError(
    'BAD_REQUEST',
    `read detach keys \`${text}\`: unknown key \`${key}\`, expected a character or ctrl- and a letter, such as ctrl-p,ctrl-q`,
  );
}

/** Looks for the detach keys in what is typed. Bytes that may be their beginning are held back until the next one decides. */
export class DetachFilter {
  readonly #keys: Buffer;
  #held: number[] = [];

  constructor(keys: Buffer) {
    this.#keys = keys;
  }

  /** What may be passed on of the input so far; nothing after the keys. */
  feed(chunk: Uint8Array): { pass: Buffer; detached: boolean } {
    if (this.#keys.length === 0) return { pass: Buffer.from(chunk), detached: false };
    const pass: number[] = [];
    for (const byte of chunk) {
      this.#held.push(byte);
      while (!this.#held.every((held, index) => held === this.#keys[index])) {
        pass.push(this.#held.shift() ?? 0);
      }
      if (this.#held.length === this.#keys.length) return { pass: Buffer.from(pass), detached: true };
    }
    return { pass: Buffer.from(pass), detached: false };
  }

  /** What was held back, at the end of the input. */
  rest(): Buffer {
    const rest = Buffer.from(this.#held);
    this.#held = [];
    return rest;
  }
}

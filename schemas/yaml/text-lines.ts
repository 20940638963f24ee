/** Where an offset stands in a text. Lines and columns count from 1, columns in UTF-16 code units. */
export interface TextPosition {
  line: number;
  column: number;
}

/** The lines of a text, and where each begins. */
export class TextLines {
  readonly text: string;
  readonly #starts: number[];

  constructor(text: string) {
    this.text = text;
    this.#starts = [0];
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', end + 1))
      this.#starts.push(end + 1);
  }

  /** Offsets outside of the text are moved to its nearest end. */
  positionAt(offset: number): TextPosition {
    const within = Math.min(Math.max(offset, 0), this.text.length);
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#starts[middle] ?? 0) <= within) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: within - (this.#starts[low] ?? 0) + 1 };
  }

  /** Offsets of a line's first character and of its end, without the line break. */
  rangeOfLine(line: number): { start: number; end: number } {
    const start = this.#starts[line - 1] ?? this.text.length;
    const next = this.#starts[line];
    let end = next === undefined ? this.text.length : next - 1;
    if (end > start && this.text[end - 1] === '\r') end -= 1;
    return { start, end };
  }
}

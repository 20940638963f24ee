import { parseLogLine } from './parse-log-line.ts';
import type { LogLine } from './parse-log-line.ts';

export interface LogPrinterOptions {
  timestamps: boolean;
  /** Milliseconds since the epoch; older lines are left out. Null: none are. */
  sinceMs: number | null;
}

/**
 * Turns bytes of a log file into what the container wrote: partial lines are put together again, for each stream by itself, so that
 * the two never mix within a line.
 */
export class LogPrinter {
  readonly #options: LogPrinterOptions;
  readonly #open = { stdout: null as LogLine | null, stderr: null as LogLine | null };
  #rest: Buffer[] = [];

  constructor(options: LogPrinterOptions) {
    this.#options = options;
  }

  /** The text that is complete after these bytes. */
  feed(bytes: Buffer): string {
    let text = '';
    let start = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
      // Whole lines are decoded at once: a character of several bytes may be cut by the end of a chunk, never by a line's.
      text += this.#line(Buffer.concat([...this.#rest, bytes.subarray(start, end)]).toString('utf8'));
      this.#rest = [];
      start = end + 1;
    }
    if (start < bytes.length) this.#rest.push(Buffer.from(bytes.subarray(start)));
    return text;
  }

  /** What the container had begun and not ended with a line feed, when nothing more will come. */
  end(): string {
    // A crash may have cut the file off within a line.
    const rest = Buffer.concat(this.#rest).toString('utf8');
    this.#rest = [];
    let text = rest === '' ? '' : this.#line(rest);
    for (const stream of ['stdout', 'stderr'] as const) {
      const open = this.#open[stream];
      if (open !== null) text += this.#format(open, '');
      this.#open[stream] = null;
    }
    return text;
  }

  #line(line: string): string {
    const parsed = parseLogLine(line);
    if (parsed === null) return line === '' ? '' : `${line}\n`;
    const open = this.#open[parsed.stream];
    const whole = open === null ? parsed : { ...parsed, time: open.time, text: open.text + parsed.text };
    // Held until it ends, unless it is so long that holding it would be the greater harm.
    if (parsed.partial && whole.text.length < LONGEST_HELD) {
      this.#open[parsed.stream] = whole;
      return '';
    }
    this.#open[parsed.stream] = null;
    return this.#format(whole, parsed.partial ? '' : '\n');
  }

  #format(line: LogLine, ending: string): string {
    const { timestamps, sinceMs } = this.#options;
    if (sinceMs !== null && Date.parse(line.time) < sinceMs) return '';
    return `${timestamps ? `${line.time} ` : ''}${line.text}${ending}`;
  }
}

/** Characters of an unfinished line that are kept in memory. */
const LONGEST_HELD = 1024 * 1024;

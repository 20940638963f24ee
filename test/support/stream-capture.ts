import { PassThrough } from 'node:stream';
import { until } from './until.ts';

/** The streams of somebody who attaches: what is typed is written to `stdin`, what is shown is kept as text. */
export interface StreamCapture {
  stdin: PassThrough;
  stdout: PassThrough;
  stderr: PassThrough;
  out(): string;
  err(): string;
  /** Waits until standard output has that text. */
  untilOut(text: string): Promise<void>;
}

export function captureStreams(): StreamCapture {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const texts = [stdout, stderr].map((stream) => {
    let text = '';
    stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    return () => text;
  });
  const [out = () => '', err = () => ''] = texts;
  return {
    stdin,
    stdout,
    stderr,
    out,
    err,
    untilOut: async (text) => {
      await until(() => out().includes(text), { what: `the output has ${JSON.stringify(text)}` }).catch(
        (error: unknown) => {
          throw new Error(`found ${JSON.stringify(out())}`, { cause: error });
        },
      );
    },
  };
}

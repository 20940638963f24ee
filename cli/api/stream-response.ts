import { encodeError } from './wire-error.ts';
import type { Frame } from './routes.ts';

/** A client that has not read for so many bytes is taken for dead: what it does not read must not fill the daemon's memory. */
const MOST_UNREAD_BYTES = 8 * 1024 * 1024;

/**
 * Answers with NDJSON: every `send` one line, at last the result or the error of `work`. `work`'s signal is given when the client
 * goes away or `ended` (the server closing) is given.
 */
export function streamResponse(
  work: (send: (event: unknown) => void, signal: AbortSignal) => Promise<unknown>,
  ended: AbortSignal,
): Response {
  const gone = new AbortController();
  const signal = AbortSignal.any([gone.signal, ended]);
  const encoder = new TextEncoder();

  const body = new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        const write = (frame: Frame): void => {
          if (gone.signal.aborted) return;
          controller.enqueue(encoder.encode(`${JSON.stringify(frame)}\n`));
          if ((controller.desiredSize ?? 0) < -MOST_UNREAD_BYTES) {
            gone.abort();
            controller.error(new Error('the client does not read'));
          }
        };
        const finish = (frame: Frame): void => {
          if (gone.signal.aborted) return;
          write(frame);
          gone.abort();
          controller.close();
        };
        work((event) => {
          write({ event });
        }, signal).then(
          (result) => {
            finish({ result: result ?? null });
          },
          (error: unknown) => {
            finish({ error: encodeError(error) });
          },
        );
      },
      cancel: () => {
        gone.abort();
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: 64 * 1024 }),
  );
  return new Response(body, { headers: { 'content-type': 'application/x-ndjson' } });
}

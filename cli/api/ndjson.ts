import type { Frame } from './routes.ts';

/** The frames of a body of newline-delimited JSON. A last line without its line feed is a cut-off answer and is dropped. */
export async function* readFrames(body: AsyncIterable<Buffer>): AsyncGenerator<Frame> {
  let rest: Buffer[] = [];
  for await (const chunk of body) {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      const line = Buffer.concat([...rest, chunk.subarray(start, end)]);
      rest = [];
      start = end + 1;
      if (line.length > 0) yield JSON.parse(line.toString('utf8')) as Frame;
    }
    if (start < chunk.length) rest.push(chunk.subarray(start));
  }
}

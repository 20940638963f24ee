import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { CheckpointImages, decodeStatistics } from '../../engine/criu/image/checkpoint-images.ts';
import type { ImageSource } from '../../engine/criu/image/image-source.ts';
import { inspectContents } from '../../engine/checkpoint/inspect/inspect-checkpoint.ts';
import { emptySizes } from '../../engine/checkpoint/inspect/checkpoint-contents.ts';
import { EngineError } from '../../engine/engine-error.ts';
import { mutate } from './mutate.ts';
import type { Random } from './random.ts';
import type { FuzzTarget } from './target.ts';

/** They are quick: a try of the other target takes as long. */
const SETS_PER_TRY = 10;

/** Image files of a real checkpoint, some of them changed, are decoded and put together to what can be told of them. */
export function imageTarget(sample: string): FuzzTarget {
  const directory = path.join(sample, 'checkpoint');
  const good = new Map(
    readdirSync(directory).map((name) => [name, readFileSync(path.join(directory, name))]),
  );
  const names = [...good.keys()].filter((name) =>
    /^(?:core|fdinfo|files|fs|ids|inv|mm|mount|netns|pagemap|pstree|uts)/.test(name),
  );
  const stats = readFileSync(path.join(sample, 'stats-dump'));
  return {
    name: 'images',
    async run(random) {
      for (let left = SETS_PER_TRY; left > 0; left--) await tryOneSet(random);
    },
  };

  async function tryOneSet(random: Random): Promise<void> {
    const files = new Map<string, Buffer>(good);
    for (let left = 1 + random.below(3); left > 0; left--) {
      const name = names[random.below(names.length)] ?? 'pstree.img';
      files.set(name, mutate(files.get(name) ?? Buffer.alloc(0), random));
    }
    await refusing(() =>
      inspectContents({
        path: 'fuzz',
        layout: 'directory',
        images: sourceOf(files),
        madeAt: null,
        documents: new Map(),
        sizes: emptySizes(),
        rootfsChanges: { count: 0, first: [] },
      }),
    );
    await refusing(() => new CheckpointImages(sourceOf(files)).externalNetworks());
    await refusing(() => Promise.resolve().then(() => decodeStatistics('stats-dump', mutate(stats, random))));
  }
}

function sourceOf(files: ReadonlyMap<string, Buffer>): ImageSource {
  return {
    sizes: new Map([...files].map(([name, bytes]) => [name, bytes.length])),
    read: (name) => {
      const bytes = files.get(name);
      return bytes === undefined
        ? Promise.reject(new EngineError('CHECKPOINT_INVALID', `read image ${name}: there is none`))
        : Promise.resolve(bytes);
    },
    readRanges: (wanted) =>
      Promise.resolve(
        new Map(
          [...wanted].map(([name, ranges]) => [
            name,
            ranges.map(
              ({ offset, length }) => files.get(name)?.subarray(offset, offset + length) ?? Buffer.alloc(0),
            ),
          ]),
        ),
      ),
  };
}

/** An EngineError is an answer; anything else is a fault of ours. */
export async function refusing<T>(action: () => Promise<T>): Promise<T | null> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof EngineError) return null;
    throw error;
  }
}

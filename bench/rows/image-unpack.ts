import { mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Benchmark } from '../bench.ts';
import { compare } from '../compare.ts';
import { writeLayeredImage } from '../layered-image.ts';

const NAME = 'localhost/layered:1';
const LAYERS = 12;
const MIB = 2 ** 20;
const ROUNDS = 2;

/** A local layout into the store, unpacked, ready for containers. */
export const imageUnpack: Benchmark = {
  names: ['image-unpack'],
  async run({ directory, programs, tsctrAlone: tsctr, podman }) {
    const work = path.join(directory, 'layered');
    await mkdir(work);
    const image = await writeLayeredImage(programs, work, { layers: LAYERS, bytes: 300 * MIB });
    const unpacked = path.join(work, 'unpacked');
    const figures = await compare(
      [
        {
          name: 'tsctr',
          run: async () => {
            await tsctr.command(['image', 'import', `oci:${image.layout}:${image.tag}`, NAME]);
            return undefined;
          },
          check: () => expectFiles(path.join(tsctr.root, 'images/layers'), image.fileCount),
          after: async () => {
            await tsctr.command(['image', 'remove', NAME]);
          },
        },
        {
          name: 'podman',
          run: async () => {
            await podman.run(['pull', `oci:${image.layout}:${image.tag}`]);
            return undefined;
          },
          check: () => expectFiles(podman.layers, image.fileCount),
          after: async () => {
            await podman.run(['rmi', '--force', `localhost${image.layout}:${image.tag}`]);
          },
        },
        {
          name: 'tar',
          run: async () => {
            for (const [i, layer] of image.layerFiles.entries()) {
              await mkdir(path.join(unpacked, String(i)), { recursive: true });
              await programs.run('tar', ['xzf', layer, '-C', path.join(unpacked, String(i))]);
            }
            return undefined;
          },
          check: () => expectFiles(unpacked, image.fileCount),
          after: () => rm(unpacked, { recursive: true }),
        },
      ],
      { rounds: ROUNDS, warmUps: 0 },
    );
    await rm(work, { recursive: true });
    return [
      {
        name: 'image-unpack',
        what: `an image of ${LAYERS} layers and 300 MiB from a local OCI layout`,
        unit: 'ms',
        figures,
        targets: [{ against: 'tar', ratio: 1.3 }],
        notes: [
          'tsctr: `image import`; podman: `pull`; tar: `tar xzf`, one layer after the other, nothing verified.',
        ],
      },
    ];
  },
};

/** Throws unless the files of the image are all there, somewhere below. */
async function expectFiles(directory: string, count: number): Promise<void> {
  const names = await readdir(directory, { recursive: true });
  // podman's storage has links, in `l`, to the directories that hold the files.
  const found = names.filter(
    (name) => !name.startsWith('l/') && /\/layer\d+\/d\d+\/file\d+$/.test(name),
  ).length;
  if (found !== count) throw new Error(`check ${directory}: expected ${count} files, found ${found}`);
}

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { IMAGE } from '../bench.ts';
import type { Contender } from '../compare.ts';
import { checkContainerProcess } from '../container-process.ts';
import { containerManifest } from '../workload.ts';
import { hogCommand, untilFull } from './memory-hog.ts';
import type { EngineCommands, Race } from './race.ts';

/** The container is made from a manifest, and told to the daemon; `describe` gets the manifest's path. */
export async function tsctrContender(
  { bench: { directory, tsctr }, hog, times }: Race,
  describe: (manifest: string) => EngineCommands,
): Promise<Contender> {
  const manifest = path.join(directory, `${hog.name}.yaml`);
  const command = hogCommand(hog);
  await writeFile(manifest, containerManifest(hog.name, { command }));
  const { after, ...way } = describe(manifest);
  return {
    name: 'tsctr',
    before: async () => {
      await tsctr.command(['apply', '-f', manifest, '--wait']);
      await untilFull(hog);
    },
    run: () => times.measure('tsctr', way),
    check: async () => {
      await untilFull(hog);
      await checkContainerProcess(await tsctr.pidOf(hog.name), { args: command });
    },
    after: async () => {
      await tsctr.command(['delete', '-f', manifest]);
      await after?.();
    },
  };
}

/** `describe` gets podman's command line, and what removes the container. */
export function podmanContender(
  { bench: { podman }, criu, hog, times }: Race,
  describe: (run: (...args: string[]) => Promise<string>, remove: () => Promise<string>) => EngineCommands,
): Contender {
  const command = hogCommand(hog);
  // podman and runc look for criu in PATH alone.
  const env = { PATH: `${path.dirname(criu)}:${process.env['PATH'] ?? ''}` };
  const remove = () => podman.run(['rm', '--force', '--time', '0', hog.name]);
  const { after, ...way } = describe((...args) => podman.run(args, { env }), remove);
  return {
    name: 'podman',
    before: async () => {
      const options = ['--detach', '--name', hog.name, '--network', 'none'];
      await podman.run(['run', ...options, IMAGE, ...command]);
      await untilFull(hog);
    },
    run: () => times.measure('podman', way),
    check: async () => {
      await untilFull(hog);
      await checkContainerProcess(await podman.pidOf(hog.name), { args: command });
    },
    after: async () => {
      await remove();
      await after?.();
    },
  };
}

import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'uvu';
import { DirectoryBell } from '../../../cli/local/directory-bell.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

test('it rings for what happens in a directory, also in one that comes later, goes, and comes again', async () => {
  const directory = temporaryDirectory();
  const wanted = path.join(directory, 'db/containers');
  const write = (): Promise<void> => writeFile(path.join(wanted, 'web.json'), '{}');
  const bell = new DirectoryBell([wanted]);
  try {
    for (const change of [
      () => mkdir(wanted, { recursive: true }),
      write,
      () => rm(path.dirname(wanted), { recursive: true }),
      () => mkdir(path.join(directory, 'other/containers'), { recursive: true }),
      () => rename(path.join(directory, 'other'), path.dirname(wanted)),
      write,
    ]) {
      const ring = bell.next();
      await change();
      await ring;
    }
  } finally {
    bell.close();
  }
});

test.run();

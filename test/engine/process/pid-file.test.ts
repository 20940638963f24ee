import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openByPidFile, readPidFile } from '../../../engine/process/pid-file.ts';
import { createLinuxKernel, SIGKILL } from '../../../native/index.ts';
import { withDirectory } from '../../support/scratch-directory.ts';

const kernel = createLinuxKernel();

test('a pid file that is missing, empty or cut off has no pid', async () => {
  await withDirectory(async (directory) => {
    const file = path.join(directory, 'pidfile');
    assert.is(await readPidFile(file), null);
    for (const text of ['', '\n', '-1', '0', 'x']) {
      writeFileSync(file, text);
      assert.is(await readPidFile(file), null, JSON.stringify(text));
    }
    writeFileSync(file, '17\n');
    assert.is(await readPidFile(file), 17);
  });
});

test('a process is opened by its pid file, and nobody who has its pid by now', async () => {
  await withDirectory(async (directory) => {
    const file = path.join(directory, 'pidfile');
    const child = spawn('/bin/sh', ['-c', 'read line', file], { stdio: ['pipe', 'ignore', 'ignore'] });
    const ended = once(child, 'exit');
    await once(child, 'spawn');
    writeFileSync(file, String(child.pid));
    assert.is(await openByPidFile(kernel, file, `${file}.other`), null, 'another argument');
    const found = await openByPidFile(kernel, file, file);
    assert.is(found?.pid, child.pid);
    kernel.pidfdSendSignal(found?.pidfd ?? -1, SIGKILL);
    await ended;
    kernel.close(found?.pidfd ?? -1);
    assert.is(await openByPidFile(kernel, file, file), null, 'it has ended');
  });
});

test.run();

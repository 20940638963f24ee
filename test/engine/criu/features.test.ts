import {
  chmodSync,
  copyFileSync,
  existsSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CriuProgram, readVersion } from '../../../engine/criu/features.ts';
import { EngineError } from '../../../engine/engine-error.ts';
import { findProgram } from '../../../engine/host.ts';
import { createLinuxKernel } from '../../../native/index.ts';
import { rejectionOf } from '../../support/rejection.ts';
import { withDirectory } from '../../support/scratch-directory.ts';
import { testUnless } from '../../support/skip.ts';

const kernel = createLinuxKernel();
const criu = findProgram('criu', ['/opt/tsctr/criu/bin/criu']);
const withCriu = testUnless(test, criu === null ? 'there is no criu here' : null);

test('[ckpt.support] a missing CRIU is named with the version that is needed', () => {
  assert.throws(
    () => new CriuProgram(kernel, null, '/tmp'),
    /find criu: it is not installed; needed is 4\.0\.0 or newer/,
  );
});

test('[criu.version] a version between releases counts as the next one', () => {
  assert.equal(readVersion({ major_number: 4, minor_number: 1, sublevel: 1 }), {
    major: 4,
    minor: 1,
    sublevel: 1,
  });
  assert.equal(readVersion({ major_number: 3, minor_number: 19, gitid: 'v3.19-5-gabc' }), {
    major: 3,
    minor: 20,
    sublevel: 0,
  });
});

withCriu('[criu.version] it is asked once, and again when the program has changed', async () => {
  await withDirectory(async (directory) => {
    const program = new CriuProgram(kernel, criu, directory);
    const version = await program.version();
    assert.ok(version.major >= 3);
    const cache = path.join(directory, 'criu.json');
    const facts = JSON.parse(readFileSync(cache, 'utf8')) as { version: { minor: number } };
    writeFileSync(cache, JSON.stringify({ ...facts, version: { ...version, minor: 77 } }));
    assert.is((await program.version()).minor, 77, 'the answer is taken from the cache');
    const other = path.join(directory, 'criu');
    copyFileSync(criu ?? '', other);
    chmodSync(other, 0o755);
    utimesSync(other, 1, 1);
    assert.is((await new CriuProgram(kernel, other, directory).version()).minor, version.minor);
  });
});

withCriu('[criu.version] one that is too old is refused with found and needed', async () => {
  await withDirectory(async (directory) => {
    const program = new CriuProgram(kernel, criu, directory);
    const error = await rejectionOf(program.requireMinimum({ major: 99, minor: 0, sublevel: 0 }));
    assert.ok(error instanceof EngineError && error.code === 'HOST_UNSUITABLE');
    assert.match(error.message, /found version \d+\.\d+\.\d+, needed is 99\.0\.0 or newer/);
  });
});

withCriu('[criu.features] what is missing is named, and what is there is not', async () => {
  await withDirectory(async (directory) => {
    const program = new CriuProgram(kernel, criu, directory);
    const features = await program.features();
    for (const [name, word] of [
      ['mem_track', 'memory tracking'],
      ['lazy_pages', 'lazy pages'],
    ] as const) {
      const error = await program.requireFeatures([name]).then(
        () => null,
        (reason: unknown) => reason,
      );
      if (features[name]) assert.is(error, null);
      else assert.match(String(error), new RegExp(`lacks ${word}`));
    }
    rmSync(path.join(directory, 'criu.json'));
    assert.not(existsSync(path.join(directory, 'criu.json')));
  });
});

test.run();

import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { findArchive } from '../../../engine/checkpoint/archive-trust.ts';
import { rejectionOf } from '../../support/rejection.ts';
import { withDirectory } from '../../support/scratch-directory.ts';
import { testUnless } from '../../support/skip.ts';

const asRoot = testUnless(test, process.getuid?.() === 0 ? null : 'needs root, to whom trusted files belong');

asRoot('a directory is trusted with what lies below it, while only root can write there', () =>
  withDirectory(async (directory) => {
    const trusted = path.join(directory, 'trusted');
    mkdirSync(path.join(trusted, 'deep'), { recursive: true, mode: 0o755 });
    const inside = path.join(trusted, 'deep/a.tar');
    const outside = path.join(directory, 'b.tar');
    for (const file of [inside, outside]) writeFileSync(file, '', { mode: 0o600 });
    const trust = { directories: [trusted], keys: [] };
    const find = (file: string) => findArchive(file, trust, 'test');

    assert.is((await find(inside)).directory, trusted);
    assert.is((await find(outside)).directory, null);
    assert.is((await find(path.join(trusted, 'deep/../../b.tar'))).directory, null);
    // A link is judged, and read, by where it leads.
    symlinkSync(outside, path.join(trusted, 'out.tar'));
    const linked = await find(path.join(trusted, 'out.tar'));
    assert.equal([linked.file, linked.directory], [outside, null]);
    symlinkSync(inside, path.join(directory, 'in.tar'));
    assert.is((await find(path.join(directory, 'in.tar'))).directory, trusted);

    chmodSync(path.join(trusted, 'deep'), 0o777);
    assert.match((await find(inside)).doubt ?? '', /others than root can write to .*deep$/);
    chmodSync(path.join(trusted, 'deep'), 0o755);
    chownSync(inside, 1000, 0);
    assert.match((await find(inside)).doubt ?? '', /a\.tar does not belong to root/);
    assert.is((await rejectionOf(find(path.join(trusted, 'none.tar')))).code, 'BAD_REQUEST');
  }),
);

test.run();

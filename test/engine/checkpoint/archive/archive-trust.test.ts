import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { findArchive, judgeOrigin } from '../../../../engine/checkpoint/archive/archive-trust.ts';
import { rejectionOf } from '../../../support/rejection.ts';
import { withDirectory } from '../../../support/scratch-directory.ts';
import { testUnless } from '../../../support/skip.ts';

const asRoot = testUnless(test, process.getuid?.() === 0 ? null : 'needs root, to whom trusted files belong');

asRoot('a directory is trusted with what lies below it, while only root can write there', () =>
  withDirectory(async (directory) => {
    const trusted = path.join(directory, 'trusted');
    mkdirSync(path.join(trusted, 'deep'), { recursive: true, mode: 0o755 });
    const inside = path.join(trusted, 'deep/a.tar');
    const outside = path.join(directory, 'b.tar');
    for (const file of [inside, outside]) writeFileSync(file, '', { mode: 0o600 });
    const trust = { directories: [trusted], keys: [], registries: [] };
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

const PULLED: readonly [pulledAs: string | null, trusted: string, isTrusted: boolean][] = [
  ['registry.example/team/web:1', 'registry.example', true],
  ['registry.example/team/web:1', 'registry.example/team', true],
  ['registry.example/team/web:1', 'registry.example/team/web', true],
  ['registry.example/team@sha256:0', 'registry.example/team', true],
  ['registry.example/teamwork/web:1', 'registry.example/team', false],
  ['registry.example:5000/team/web:1', 'registry.example', false],
  ['registry.example.evil/team/web:1', 'registry.example', false],
  [null, 'registry.example', false],
];

for (const [pulledAs, trusted, isTrusted] of PULLED) {
  test(`an image pulled as ${String(pulledAs)} is ${isTrusted ? '' : 'not '}that of ${trusted}`, async () => {
    const archiveTrust = { directories: [], keys: [], registries: [trusted] };
    const found = { file: '/blob', directory: null, doubt: null };
    const image = { reference: 'registry.example/team/web:1', pulledAs };
    const findings = await judgeOrigin({ archiveTrust, paths: { root: '/none' } }, found, {
      signer: null,
      image,
    });
    assert.is(findings.length, isTrusted ? 0 : 1);
    // What somebody has called it here says nothing of where it came from.
    const file = await judgeOrigin({ archiveTrust, paths: { root: '/none' } }, found, {
      signer: null,
      image: null,
    });
    assert.match(file[0]?.fix ?? '', /checkpoints\.trust\.directories/);
  });
}

test.run();

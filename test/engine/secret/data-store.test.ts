import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createDataStore } from '../../../engine/secret/data-store.ts';
import { planSecretFiles } from '../../../engine/secret/plan-secret-files.ts';
import { containerRequest } from '../../support/container-request.ts';
import { rejectionOf } from '../../support/rejection.ts';
import { withDirectory } from '../../support/scratch-directory.ts';
import { assertRefused } from '../../support/throws.ts';

const ROTATION = { policy: 'update' } as const;
const bytes = (text: string): Uint8Array => Buffer.from(text);

test('[files.secrets] values are kept in files that only root reads, and listed without them', async () => {
  await withDirectory(async (root) => {
    const store = createDataStore(root);
    await store.write('Secret', 'db', { entries: { b: bytes('two'), a: bytes('one') }, rotation: ROTATION });
    const directory = path.join(root, 'secrets');
    assert.is(statSync(directory).mode & 0o777, 0o700);
    for (const name of readdirSync(directory))
      assert.is(statSync(path.join(directory, name)).mode & 0o777, 0o600);
    const [info] = await store.list();
    assert.equal([info?.kind, info?.name, info?.keys], ['Secret', 'db', ['a', 'b']]);
    assert.not.match(JSON.stringify(info), /one|two|b25l|dHdv/);
    assert.is(Buffer.from((await store.secret('db'))?.['a'] ?? []).toString(), 'one');
    assert.is(await store.configMap('db'), null);
  });
});

test('[files.secrets] the version changes with the values alone, and differs from root to root', async () => {
  await withDirectory(async (directory) => {
    const one = createDataStore(path.join(directory, 'one'));
    const other = createDataStore(path.join(directory, 'other'));
    const write = (store: typeof one, text: string) =>
      store.write('Secret', 'db', { entries: { key: bytes(text) }, rotation: ROTATION });
    const first = await write(one, 'a');
    assert.is(await write(one, 'a'), first);
    assert.is.not(await write(one, 'b'), first);
    assert.is.not(await write(other, 'a'), first, 'nobody can try values out on a version alone');
  });
});

test('a damaged file is named, and what stands in it is not told', async () => {
  await withDirectory(async (root) => {
    const store = createDataStore(root);
    await store.write('Secret', 'db', { entries: { key: bytes('x') }, rotation: ROTATION });
    const file = path.join(root, 'secrets/db.json');
    writeFileSync(file, 'hunter2');
    const error = await rejectionOf(store.secret('db'));
    assert.match(error.message, /db\.json: it is damaged/);
    assert.not.match(error.message, /hunter2/);
    await store.remove('Secret', 'db');
    await store.remove('Secret', 'db');
    assert.not(readdirSync(path.dirname(file)).includes('db.json'));
    assert.is(readFileSync(path.join(root, 'secrets/.version-key'), 'utf8').length, 64);
  });
});

const SECRETS = { one: { key: bytes('1') }, two: { a: bytes('a'), b: bytes('b') } };

function placesOf(secrets: object[]): string[] {
  const request = containerRequest({ image: 'x', secrets });
  return planSecretFiles(request, SECRETS).map(
    ({ target, uid, gid, mode }) => `${target} ${uid} ${gid} ${mode.toString(8)}`,
  );
}

test('[files.secrets] a secret of one key is one file, one of several a directory; targets, owners and modes', () => {
  assert.equal(placesOf([{ name: 'one' }, { name: 'two' }]), [
    '/run/secrets/one 0 0 444',
    '/run/secrets/two/a 0 0 444',
    '/run/secrets/two/b 0 0 444',
  ]);
  assert.equal(placesOf([{ name: 'two', key: 'b', target: '/etc/b', uid: 1, gid: 2, mode: '0400' }]), [
    '/etc/b 1 2 400',
  ]);
  assert.equal(placesOf([{ name: 'one', env: 'ONE' }]), []);
});

test('[files.secrets] what is not there, leads out, or stands twice is refused by name', () => {
  assertRefused(() => placesOf([{ name: 'none' }]), 'BAD_REQUEST', 'secret none is not there');
  assertRefused(() => placesOf([{ name: 'one', key: 'no' }]), 'BAD_REQUEST', 'secret one has no key no');
  assertRefused(() => placesOf([{ name: 'one', target: '../x' }]), 'BAD_REQUEST', '../x');
  assertRefused(() => placesOf([{ name: 'one' }, { name: 'one' }]), 'BAD_REQUEST', '/run/secrets/one');
});

test.run();

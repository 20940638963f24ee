import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { dataFiles } from '../../../engine/volume/data-files.ts';
import type { FileMap } from '../../../engine/volume/data-files.ts';
import type { DataSources } from '../../../engine/volume/data-sources.ts';
import { writeDataFiles } from '../../../engine/volume/write-data-files.ts';
import { volume } from '../../../schemas/index.ts';
import { rejectionOf } from '../../support/rejection.ts';
import { specInput } from '../../support/spec-input.ts';

const bytes = (text: string) => new Uint8Array(Buffer.from(text));
const SOURCES: DataSources = {
  configMap: (name) => Promise.resolve(name === 'conf' ? { a: bytes('1'), b: bytes('2') } : null),
  secret: (name) => Promise.resolve(name === 'db' ? { password: bytes('x') } : null),
};

async function filesOf(source: object, request: object = {}): Promise<Record<string, string>> {
  const files = await dataFiles(volume.parse({ name: 'v', ...source }), SOURCES, specInput({ request }));
  return Object.fromEntries(
    [...files].map(([name, { data, mode }]) => [name, `${Buffer.from(data).toString()} ${mode.toString(8)}`]),
  );
}

test('[volume.kinds] entries become files with modes, all or those that are named', async () => {
  assert.equal(await filesOf({ configMap: { name: 'conf' } }), { a: '1 644', b: '2 644' });
  const items = [
    { key: 'a', path: 'deep/a' },
    { key: 'b', path: 'b', mode: 0o400 },
  ];
  assert.equal(await filesOf({ configMap: { name: 'conf', items, defaultMode: 0o600 } }), {
    'deep/a': '1 600',
    b: '2 400',
  });
  assert.equal(await filesOf({ secret: { secretName: 'db' } }), { password: 'x 644' });
});

test('[volume.kinds] what is missing is named, and no error when it is optional', async () => {
  const refusal = async (source: object) => (await rejectionOf(filesOf(source))).message;
  assert.is(await refusal({ secret: { secretName: 'none' } }), 'make volume v: secret none is not there');
  const items = [
    { key: 'password', path: 'p' },
    { key: 'toString', path: 'q' },
  ];
  assert.is(
    await refusal({ secret: { secretName: 'db', items } }),
    'make volume v: key toString of secret db is not there',
  );
  assert.equal(await filesOf({ secret: { secretName: 'db', items, optional: true } }), { p: 'x 644' });
});

test('[volume.kinds] projected sources lie over each other in their order', async () => {
  const sources = [
    { secret: { name: 'db', items: [{ key: 'password', path: 'a' }] } },
    { configMap: { name: 'conf' } },
    { downwardAPI: { items: [{ path: 'b', fieldRef: { fieldPath: 'metadata.labels' } }] } },
  ];
  assert.equal(await filesOf({ projected: { sources } }, { labels: { z: '1', y: '"' } }), {
    a: '1 644',
    b: 'y="\\""\nz="1" 644',
  });
});

const OWNER = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const mapOf = (files: Record<string, string>, mode = 0o640): FileMap =>
  new Map(Object.entries(files).map(([name, text]) => [name, { data: bytes(text), mode }]));

test('[volume.kinds] files are replaced as a whole, by one link', async () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'data-'));
  try {
    await writeDataFiles(directory, mapOf({ a: 'old', 'sub/b': 'old', gone: 'old' }), OWNER);
    assert.equal(
      readdirSync(directory)
        .filter((name) => !name.startsWith('..'))
        .sort(),
      ['a', 'gone', 'sub'],
    );
    assert.is(readlinkSync(path.join(directory, 'a')), '..data/a');
    assert.is(statSync(path.join(directory, 'sub/b')).mode & 0o777, 0o640);
    const before = readlinkSync(path.join(directory, '..data'));
    await writeDataFiles(directory, mapOf({ a: 'new', c: 'new' }), OWNER);
    assert.equal(
      readdirSync(directory)
        .filter((name) => !name.startsWith('..'))
        .sort(),
      ['a', 'c'],
    );
    assert.is(readFileSync(path.join(directory, 'a'), 'utf8'), 'new');
    assert.not(readdirSync(directory).includes(before), 'what was before is gone');
    assert.is(readdirSync(directory).length, 4);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('[volume.kinds] a name that leads out writes nothing', async () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'data-'));
  try {
    const error = await rejectionOf(writeDataFiles(directory, mapOf({ '../../x': '' }), OWNER));
    assert.match(error.message, /expected a path within the volume/);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test.run();

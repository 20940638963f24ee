import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openRecordStore } from '../../../engine/store/durable-record-store.ts';
import type { RecordStore } from '../../../engine/store/record-store.ts';
import { storedContainer } from '../../support/stored-records.ts';
import { withDirectory } from '../../support/scratch-directory.ts';
import { until } from '../../support/until.ts';

/** A store, its directory of containers, and the same files as a new process would open or only look at them. */
async function withStore(
  body: (use: {
    store: RecordStore;
    files: string;
    reopen: () => Promise<RecordStore>;
    look: () => Promise<RecordStore>;
  }) => Promise<void>,
): Promise<void> {
  await withDirectory(async (directory) => {
    const reopen = () => openRecordStore({ directory });
    const look = () => openRecordStore({ directory, readOnly: true });
    await body({ store: await reopen(), files: path.join(directory, 'containers'), reopen, look });
  });
}

test('what was put is read back, by name and in the order of names', async () => {
  await withStore(async ({ store, reopen }) => {
    await Promise.all(['web', 'db', 'job.1'].map((name) => store.containers.put(storedContainer(name))));
    assert.equal(
      store.containers.list().map(({ name }) => name),
      ['db', 'job.1', 'web'],
    );
    const other = await reopen();
    assert.equal(other.containers.get('web'), storedContainer('web'));
    assert.is(other.containers.get('nobody'), null);
    assert.equal(other.damaged, []);
  });
});

test('files are for their owner alone', async () => {
  await withStore(async ({ store, files }) => {
    await store.containers.put(storedContainer('web'));
    assert.is(statSync(path.join(files, 'web.json')).mode & 0o777, 0o600);
    assert.is(statSync(files).mode & 0o777, 0o700);
  });
});

test('of many puts at once the newest stays, and each resolves only when it, or a newer one, is on disk', async () => {
  await withStore(async ({ store, look, reopen }) => {
    const puts = Array.from({ length: 50 }, async (_, number) => {
      await store.containers.put(storedContainer('web', number));
      const { restartCount } = (await look()).containers.get('web') ?? { restartCount: -1 };
      assert.ok(restartCount >= number, `${restartCount} on disk when ${number} was acknowledged`);
    });
    await Promise.all(puts);
    assert.is((await reopen()).containers.get('web')?.restartCount, 49);
  });
});

test('the record may change as soon as put was called', async () => {
  await withStore(async ({ store, reopen }) => {
    const record = storedContainer('web', 1);
    const put = store.containers.put(record);
    record.restartCount = 99;
    await put;
    assert.is((await reopen()).containers.get('web')?.restartCount, 1);
  });
});

test('a removal during a write wins, and a put during a removal wins', async () => {
  await withStore(async ({ store, files, reopen }) => {
    const put = store.containers.put(storedContainer('web', 1));
    const waiting = store.containers.put(storedContainer('web', 2));
    await Promise.all([put, waiting, store.containers.remove('web')]);
    assert.is(store.containers.get('web'), null);
    assert.equal(readdirSync(files), []);

    await store.containers.put(storedContainer('web', 3));
    const removal = store.containers.remove('web');
    await Promise.all([removal, store.containers.put(storedContainer('web', 4))]);
    assert.is(store.containers.get('web')?.restartCount, 4);
    assert.is((await reopen()).containers.get('web')?.restartCount, 4);
  });
});

test('what is noted is read at once, and is on disk with the next put, or when that is asked for', async () => {
  await withStore(async ({ store, look }) => {
    const countOnDisk = async () => (await look()).containers.get('web')?.restartCount;
    await store.containers.put(storedContainer('web', 1));
    store.containers.note(storedContainer('web', 2));
    assert.is(store.containers.get('web')?.restartCount, 2);
    await store.containers.put(storedContainer('web', 3));
    await store.settle();
    assert.is(await countOnDisk(), 3, 'the older note did not come after the put');
    store.containers.note(storedContainer('web', 4));
    await store.settle();
    assert.is(await countOnDisk(), 4);
  });
});

test('what is noted and not asked for is on disk a moment later, and gone with a removal', async () => {
  await withStore(async ({ store, look, files }) => {
    store.containers.note(storedContainer('web', 1));
    await until(async () => (await look()).containers.get('web') !== null, { what: 'it was written' });
    store.containers.note(storedContainer('web', 2));
    await store.containers.remove('web');
    await store.settle();
    assert.equal(readdirSync(files), []);
  });
});

test('removing what is not there, or twice, is no error', async () => {
  await withStore(async ({ store, reopen }) => {
    await store.containers.remove('nobody');
    await store.containers.put(storedContainer('web'));
    await Promise.all([store.containers.remove('web'), store.containers.remove('web')]);
    assert.equal((await reopen()).containers.list(), []);
  });
});

const DAMAGES: [what: string, text: string, reason: RegExp][] = [
  ['a file that was cut off', '{"schemaVersion": 1, "ki', /JSON/],
  ['an empty file', '', /JSON/],
  ['something else than an object', '[]\n', /schemaVersion/],
  ['null', 'null', /not a JSON object/],
  [
    'a later version',
    JSON.stringify({ ...storedContainer('bad'), schemaVersion: 2 }),
    /schemaVersion is 2, expected 1/,
  ],
  [
    'another kind',
    JSON.stringify({ ...storedContainer('bad'), kind: 'Pod' }),
    /kind is "Pod", expected "Container"/,
  ],
  ['another name', JSON.stringify(storedContainer('web')), /name is "web", expected "bad"/],
];

for (const [what, text, reason] of DAMAGES) {
  test(`${what} is set aside with the reason, and the rest goes on`, async () => {
    await withStore(async ({ store, files, reopen }) => {
      await store.containers.put(storedContainer('web'));
      writeFileSync(path.join(files, 'bad.json'), text);
      const other = await reopen();
      assert.equal(
        other.containers.list().map(({ name }) => name),
        ['web'],
      );
      const [damaged] = other.damaged;
      if (damaged === undefined) throw new Error('expected a damaged record, found none');
      assert.is(damaged.path, path.join(files, 'bad.json'));
      assert.match(damaged.reason, reason);
      assert.is(readFileSync(damaged.setAsideAs, 'utf8'), text);
      assert.not(existsSync(damaged.path));
      assert.equal((await reopen()).damaged, [], 'it is reported once');
    });
  });
}

test('a record that the validator refuses is set aside', async () => {
  await withDirectory(async (directory) => {
    const store = await openRecordStore({ directory });
    await store.containers.put(storedContainer('web'));
    const other = await openRecordStore({
      directory,
      validate: (kind) => {
        throw new Error(`no good ${kind}`);
      },
    });
    assert.is(other.damaged[0]?.reason, 'no good Container');
  });
});

test('what a crash left half-written is removed, and is no record', async () => {
  await withStore(async ({ files, reopen }) => {
    writeFileSync(path.join(files, '.tmp-web.json.abc'), '{');
    const other = await reopen();
    assert.equal(other.containers.list(), []);
    assert.equal(readdirSync(files), []);
  });
});

test('a reader changes nothing: no directory, no removal, no setting aside', async () => {
  await withDirectory(async (directory) => {
    await openRecordStore({ directory: path.join(directory, 'none'), readOnly: true });
    assert.equal(readdirSync(directory), []);
    mkdirSync(path.join(directory, 'containers'));
    writeFileSync(path.join(directory, 'containers/bad.json'), '{');
    writeFileSync(path.join(directory, 'containers/.tmp-x'), '{');
    const store = await openRecordStore({ directory, readOnly: true });
    assert.is(store.damaged.length, 1);
    assert.equal(readdirSync(path.join(directory, 'containers')).sort(), ['.tmp-x', 'bad.json']);
  });
});

test('a write that fails is reported, and the next one is tried', async () => {
  await withStore(async ({ store, files }) => {
    await store.containers.put(storedContainer('web', 1));
    rmSync(files, { recursive: true });
    const results = await Promise.allSettled([
      store.containers.put(storedContainer('web', 2)),
      store.containers.put(storedContainer('web', 3)),
    ]);
    assert.equal(
      results.map(({ status }) => status),
      ['rejected', 'rejected'],
    );
    mkdirSync(files);
    await store.containers.put(storedContainer('web', 4));
    assert.ok(existsSync(path.join(files, 'web.json')));
  });
});

test.run();

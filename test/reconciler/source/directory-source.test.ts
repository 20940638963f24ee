import { chmod, mkdir, mkdtemp, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  createDirectorySource,
  type DirectorySource,
  type DirectoryWish,
} from '../../../reconciler/index.ts';

interface Context {
  base: string;
  root: string;
  wishes: DirectoryWish[];
  errors: unknown[];
  source: DirectorySource;
}

const test = suite<Context>('directory source');

test.before.each(async (context) => {
  context.base = await mkdtemp(path.join(tmpdir(), 'tsctr-source-'));
  context.root = path.join(context.base, 'manifests');
  context.wishes = [];
  context.errors = [];
  await mkdir(context.root);
  context.source = createDirectorySource({
    root: context.root,
    onWish: (wish) => {
      context.wishes.push(wish);
      return Promise.resolve();
    },
    onError: (error) => context.errors.push(error),
  });
});

test.after.each(async ({ source, base, errors }) => {
  await source.stop();
  await rm(base, { recursive: true, force: true });
  assert.equal(errors, []);
});

function manifest(name: string, image = 'localhost/demo:1'): string {
  return `apiVersion: tsctr.dev/v1\nkind: Container\nmetadata: { name: ${name} }\nspec: { image: "${image}" }\n`;
}

const names = (wish: DirectoryWish | undefined): string[] =>
  (wish?.manifests ?? []).map(({ manifest: { metadata } }) => metadata.name).sort();

const images = (wish: DirectoryWish | undefined): unknown[] =>
  (wish?.manifests ?? []).map((owned) => owned.manifest.kind === 'Container' && owned.manifest.spec.image);

/** Waits until the last wish is as it should be. */
async function until(
  { wishes }: Context,
  isSo: (wish: DirectoryWish) => boolean,
  what: string,
): Promise<void> {
  const begun = performance.now();
  while (performance.now() - begun < 5000) {
    const last = wishes.at(-1);
    if (last !== undefined && isSo(last)) return;
    await pause(5);
  }
  throw new Error(`${what}: the last wish is ${JSON.stringify(wishes.at(-1))}`);
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test('a new file is wanted, a changed one is wanted as it is now, a removed one no longer', async (context) => {
  const file = path.join(context.root, 'web.yaml');
  await context.source.start();
  assert.equal(names(context.wishes.at(-1)), []);
  await writeFile(file, manifest('web'));
  await until(context, (wish) => names(wish).includes('web'), 'new');
  await writeFile(file, manifest('web', 'localhost/demo:2'));
  await until(context, (wish) => images(wish).includes('localhost/demo:2'), 'changed');
  await unlink(file);
  await until(
    context,
    (wish) => names(wish).length === 0 && wish.keep !== 'all' && wish.keep.size === 0,
    'removed',
  );
});

test('a file that an editor saves by renaming, or by removing it first, is never missing', async (context) => {
  const file = path.join(context.root, 'web.yaml');
  await writeFile(file, manifest('web'));
  await context.source.start();
  for (let round = 0; round < 5; round += 1) {
    await writeFile(
      path.join(context.root, '.web.yaml.swp'),
      manifest('web', `localhost/demo:${String(round)}`),
    );
    if (round % 2 === 0) await unlink(file);
    await pause(40);
    await rename(path.join(context.root, '.web.yaml.swp'), file);
    await until(
      context,
      (wish) => images(wish).includes(`localhost/demo:${String(round)}`),
      `round ${String(round)}`,
    );
  }
  for (const wish of context.wishes) assert.equal(names(wish), ['web']);
});

test('a file that is written slowly takes nothing away, and reports nothing, while it is half-written', async (context) => {
  const file = path.join(context.root, 'both.yaml');
  await writeFile(file, `${manifest('web')}---\n${manifest('db')}`);
  await context.source.start();
  const text = `${manifest('web', 'localhost/demo:2')}---\n${manifest('db', 'localhost/demo:2')}`;
  for (let end = 0; end <= text.length; end += Math.ceil(text.length / 8)) {
    await writeFile(file, text.slice(0, end));
    await pause(60);
  }
  await writeFile(file, text);
  await until(context, (wish) => images(wish).every((image) => image === 'localhost/demo:2'), 'complete');
  for (const wish of context.wishes) {
    assert.equal(wish.problems, []);
    const isSafe = names(wish).length === 2 || (wish.keep !== 'all' && wish.keep.has(file));
    assert.ok(isSafe, 'nothing is dropped meanwhile');
  }
});

test('a file that turns bad keeps what it made before and says where it is wrong, until it is good again', async (context) => {
  const file = path.join(context.root, 'web.yaml');
  await writeFile(file, manifest('web'));
  await context.source.start();
  await writeFile(file, manifest('web').replace('image', 'imagee'));
  await until(context, (wish) => wish.problems.length > 0, 'problem');
  const bad = context.wishes.at(-1);
  assert.equal(names(bad), ['web']);
  assert.ok(bad !== undefined && bad.keep !== 'all' && bad.keep.has(file));
  const [problem] = bad.problems;
  assert.equal([problem?.file, problem?.line], [file, 4]);
  assert.match(problem?.message ?? '', /image/);
  // A full disk leaves this of one.
  await writeFile(file, '');
  await until(context, ({ problems }) => problems[0]?.code === 'empty', 'another problem');
  const empty = context.wishes.at(-1);
  assert.equal(names(empty), ['web']);
  await writeFile(file, manifest('web', 'localhost/demo:2'));
  await until(
    context,
    (wish) => images(wish).includes('localhost/demo:2') && wish.problems.length === 0,
    'good',
  );
});

test('a bad file that is there at the start keeps what is on record of it', async (context) => {
  const file = path.join(context.root, 'web.yaml');
  await writeFile(file, 'kind: [');
  await context.source.start();
  const first = context.wishes.at(-1);
  assert.ok(first !== undefined && first.keep !== 'all' && first.keep.has(file));
  await until(context, (wish) => wish.problems.length > 0, 'problem');
});

test('the second of two files with the same name is the bad one', async (context) => {
  await writeFile(path.join(context.root, 'a.yaml'), manifest('web'));
  await writeFile(path.join(context.root, 'b.yaml'), manifest('web', 'localhost/demo:2'));
  await context.source.start();
  const wish = context.wishes.at(-1);
  assert.equal(images(wish), ['localhost/demo:1']);
  assert.is(wish?.problems[0]?.file, path.join(context.root, 'b.yaml'));
});

test('symbolic links that are swapped are followed, also when the old target stays', async (context) => {
  const { base, root } = context;
  await rm(root, { recursive: true });
  for (const version of ['1', '2']) {
    await mkdir(path.join(base, `rev${version}`));
    await writeFile(
      path.join(base, `rev${version}`, 'web.yaml'),
      manifest('web', `localhost/demo:${version}`),
    );
  }
  await symlink('rev1', root);
  await context.source.start();
  assert.equal(images(context.wishes.at(-1)), ['localhost/demo:1']);
  await symlink('rev2', path.join(base, 'next'));
  await rename(path.join(base, 'next'), root);
  await until(context, (wish) => images(wish).includes('localhost/demo:2'), 'swapped');
});

test('a directory that is replaced by renaming is followed, and so are later writes in it', async (context) => {
  const { base, root } = context;
  await writeFile(path.join(root, 'web.yaml'), manifest('web'));
  await context.source.start();
  await mkdir(path.join(base, 'next'));
  await writeFile(path.join(base, 'next', 'db.yaml'), manifest('db'));
  await rename(root, path.join(base, 'old'));
  await rename(path.join(base, 'next'), root);
  await until(context, (wish) => names(wish).join() === 'db', 'replaced');
  await writeFile(path.join(root, 'db.yaml'), manifest('db', 'localhost/demo:2'));
  await until(context, (wish) => images(wish).includes('localhost/demo:2'), 'written');
});

test('a directory that is missing, or that others can write, keeps everything and says why', async (context) => {
  const { base, root } = context;
  await writeFile(path.join(root, 'web.yaml'), manifest('web'));
  await context.source.start();
  await rename(root, path.join(base, 'away'));
  await until(context, (wish) => wish.keep === 'all', 'missing');
  assert.is(context.wishes.at(-1)?.problems[0]?.code, 'source-missing');
  await rename(path.join(base, 'away'), root);
  await until(context, (wish) => names(wish).includes('web'), 'back');
  await chmod(root, 0o777);
  await context.source.rescan();
  const refused = context.wishes.at(-1);
  assert.is(refused?.keep, 'all');
  assert.match(refused?.problems[0]?.message ?? '', /mode 0777.*chmod go-w/);
});

test('a file that others can write is refused, and what it made before stays', async (context) => {
  const file = path.join(context.root, 'web.yaml');
  await writeFile(file, manifest('web'));
  await context.source.start();
  await chmod(file, 0o666);
  await context.source.rescan();
  await until(context, (wish) => wish.problems[0]?.code === 'unsafe-permissions', 'refused');
  const wish = context.wishes.at(-1);
  assert.ok(wish !== undefined && wish.keep !== 'all' && wish.keep.has(file));
});

test('a thousand files are read at the start, and a thousand changes are all seen', async (context) => {
  const count = 1000;
  const file = (index: number): string => path.join(context.root, `c${String(index)}.yaml`);
  const indexes = Array.from({ length: count }, (_, index) => index);
  await Promise.all(indexes.map((index) => writeFile(file(index), manifest(`c${String(index)}`))));
  await context.source.start();
  assert.is(names(context.wishes.at(-1)).length, count);
  await Promise.all(
    indexes.map((index) => writeFile(file(index), manifest(`c${String(index)}`, 'localhost/demo:2'))),
  );
  await until(
    context,
    (wish) => wish.manifests.length === count && images(wish).every((image) => image === 'localhost/demo:2'),
    'all changed',
  );
});

test.run();

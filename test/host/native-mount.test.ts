import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { tmpdir } from 'node:os';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as native from '../../native/index.ts';

const kernel = native.createLinuxKernel();
const test = suite<{ root: string }>('mount');

test.before.each((context) => {
  context.root = mkdtempSync(path.join(tmpdir(), 'native-mount-'));
});
test.after.each((context) => {
  for (const target of mountsBelow(context.root).reverse()) {
    kernel.umount2(target, native.MNT_DETACH);
  }
  rmSync(context.root, { recursive: true });
});

function mountLines(root: string): string[] {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return lines.filter((line) => line.split(' ')[4]?.startsWith(root));
}

function mountsBelow(root: string): string[] {
  return mountLines(root).map((line) => line.split(' ')[4] ?? '');
}

function failureOf(action: () => void): native.ErrnoError {
  try {
    action();
  } catch (error) {
    assert.instance(error, native.ErrnoError);
    return error as native.ErrnoError;
  }
  throw new Error('expected a failure');
}

/** A new mount of a file system, attached to `target`, which it makes. */
function mountNew(type: string, options: Record<string, string>, target: string): void {
  mkdirSync(target, { recursive: true });
  const context = kernel.fsopen(type, native.FSOPEN_CLOEXEC);
  try {
    for (const [key, value] of Object.entries(options)) {
      kernel.fsconfig(context, native.FSCONFIG_SET_STRING, key, value);
    }
    kernel.fsconfig(context, native.FSCONFIG_CMD_CREATE, null, null);
    const mount = kernel.fsmount(context, native.FSMOUNT_CLOEXEC, native.MOUNT_ATTR_NODEV);
    try {
      const flags = native.MOVE_MOUNT_F_EMPTY_PATH;
      kernel.moveMount(mount, '', native.AT_FDCWD, target, flags);
    } finally {
      kernel.close(mount);
    }
  } finally {
    kernel.close(context);
  }
}

test('a tmpfs is made, attached, seen and unmounted', ({ root }) => {
  const target = path.join(root, 't');
  mountNew('tmpfs', { size: '1m', mode: '0711' }, target);
  assert.match(mountLines(target).join(), / rw,nodev.* - tmpfs .*size=1024k,mode=711/);
  assert.is(kernel.statfs(target).type, native.TMPFS_MAGIC);
  assert.is(kernel.statfs(target).totalBytes, 1_048_576n);
  kernel.umount2(target, 0);
  assert.equal(mountsBelow(root), []);
});

test('an overlay shows both of its layers and writes to the upper', ({ root }) => {
  for (const name of ['lower', 'upper', 'work']) mkdirSync(path.join(root, name));
  writeFileSync(path.join(root, 'lower/a'), 'from below');
  const layers = {
    lowerdir: path.join(root, 'lower'),
    upperdir: path.join(root, 'upper'),
    workdir: path.join(root, 'work'),
  };
  const merged = path.join(root, 'merged');
  mountNew('overlay', layers, merged);
  assert.is(readFileSync(path.join(merged, 'a'), 'utf8'), 'from below');
  writeFileSync(path.join(merged, 'b'), 'new');
  assert.is(readFileSync(path.join(root, 'upper/b'), 'utf8'), 'new');
  kernel.umount2(merged, 0);
});

test('a subtree is cloned, made read-only and attached elsewhere', ({ root }) => {
  mkdirSync(path.join(root, 'from'));
  mkdirSync(path.join(root, 'to'));
  writeFileSync(path.join(root, 'from/file'), 'x');
  const tree = kernel.openTree(native.AT_FDCWD, path.join(root, 'from'), native.OPEN_TREE_CLONE);
  kernel.mountSetattr(tree, '', native.AT_EMPTY_PATH, { set: native.MOUNT_ATTR_RDONLY });
  const to = path.join(root, 'to');
  kernel.moveMount(tree, '', native.AT_FDCWD, to, native.MOVE_MOUNT_F_EMPTY_PATH);
  kernel.close(tree);
  assert.is(readFileSync(path.join(to, 'file'), 'utf8'), 'x');
  assert.throws(() => {
    writeFileSync(path.join(to, 'file'), 'y');
  }, /EROFS/);
  kernel.mountSetattr(native.AT_FDCWD, to, 0, { clear: native.MOUNT_ATTR_RDONLY });
  writeFileSync(path.join(to, 'file'), 'y');
});

test('an id-mapped mount shows the ids of a user namespace', async ({ root }) => {
  const user = path.join(root, 'user');
  writeFileSync(user, '');
  const map = '0 100000 1000\n';
  await kernel.pinNamespaces({ user: { path: user, uidMap: map, gidMap: map } });
  mkdirSync(path.join(root, 'from'));
  writeFileSync(path.join(root, 'from/file'), 'x');
  const tree = kernel.openTree(native.AT_FDCWD, path.join(root, 'from'), native.OPEN_TREE_CLONE);
  const userNamespaceFd = kernel.openat2(native.AT_FDCWD, user, { flags: native.O_RDONLY });
  const attributes = { set: native.MOUNT_ATTR_IDMAP, userNamespaceFd };
  kernel.mountSetattr(tree, '', native.AT_EMPTY_PATH, attributes);
  assert.is(kernel.fstatat(tree, 'file', 0).uid, 100_000);
  kernel.close(userNamespaceFd);
  kernel.close(tree);
});

test('mount(2) binds, remounts and changes the propagation', ({ root }) => {
  const target = path.join(root, 'bind');
  mkdirSync(target);
  kernel.mount(root, target, null, native.MS_BIND, null);
  kernel.mount(null, target, null, native.MS_PRIVATE, null);
  const readOnly = native.MS_REMOUNT | native.MS_BIND | native.MS_RDONLY;
  kernel.mount(null, target, null, readOnly, null);
  assert.match(mountLines(target).join(), / ro,/);
  const busy = kernel.openat2(native.AT_FDCWD, target, { flags: native.O_RDONLY });
  assert.is(
    failureOf(() => {
      kernel.umount2(target, 0);
    }).code,
    'EBUSY',
  );
  kernel.close(busy);
  kernel.umount2(target, native.UMOUNT_NOFOLLOW);
});

test('a failure names the call and what it was about', ({ root }) => {
  const unknown = failureOf(() => {
    kernel.fsopen('nofs', 0);
  });
  assert.equal([unknown.syscall, unknown.code, unknown.path], ['fsopen', 'ENODEV', 'nofs']);
  const context = kernel.fsopen('tmpfs', 0);
  const option = failureOf(() => {
    kernel.fsconfig(context, native.FSCONFIG_SET_STRING, 'nonsense', '1');
  });
  kernel.close(context);
  assert.equal([option.syscall, option.code, option.path], ['fsconfig', 'EINVAL', 'nonsense']);
  const absent = failureOf(() => {
    kernel.umount2(path.join(root, 'absent'), 0);
  });
  assert.equal([absent.syscall, absent.code], ['umount2', 'ENOENT']);
});

test('a descriptor of a context or a mount is close-on-exec though nobody asked', () => {
  const context = kernel.fsopen('tmpfs', 0);
  kernel.fsconfig(context, native.FSCONFIG_CMD_CREATE, null, null);
  const mount = kernel.fsmount(context, 0, 0);
  const tree = kernel.openTree(native.AT_FDCWD, '/', native.OPEN_TREE_CLONE);
  for (const fd of [context, mount, tree]) {
    const flags = /flags:\t(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1];
    assert.ok(Number.parseInt(flags ?? '0', 8) & native.O_CLOEXEC);
    kernel.close(fd);
  }
});

test('a device node is made with its numbers', ({ root }) => {
  const device = path.join(root, 'null');
  kernel.mknodat(native.AT_FDCWD, device, native.S_IFCHR | 0o666, { major: 1, minor: 3 });
  const { rdevMajor, rdevMinor } = kernel.fstatat(native.AT_FDCWD, device, 0);
  assert.equal([rdevMajor, rdevMinor], [1, 3]);
});

test('a tree with a mount in it is not removed beyond the mount, which says so', async ({ root }) => {
  const tree = path.join(root, 'tree');
  const mount = path.join(tree, 'a/mount');
  mountNew('tmpfs', {}, mount);
  writeFileSync(path.join(mount, 'kept'), 'x');
  const failure = await kernel.removeTree(tree).catch((error: unknown) => error);
  assert.ok(native.hasErrno(failure, 'EBUSY'), String(failure));
  assert.is(readFileSync(path.join(mount, 'kept'), 'utf8'), 'x');
  kernel.umount2(mount, native.MNT_DETACH);
  await kernel.removeTree(tree);
  assert.equal(readdirSync(root), []);
});

test.run();

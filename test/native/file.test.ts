import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { tmpdir } from 'node:os';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as native from '../../native/index.ts';

const kernel = native.createLinuxKernel();
const test = suite<{ root: string; dirfd: number }>('file');

test.before.each((context) => {
  context.root = mkdtempSync(path.join(tmpdir(), 'native-file-'));
  const flags = native.O_RDONLY | native.O_DIRECTORY;
  context.dirfd = kernel.openat2(native.AT_FDCWD, context.root, { flags });
});
test.after.each((context) => {
  kernel.close(context.dirfd);
  rmSync(context.root, { recursive: true });
});

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    assert.instance(error, native.ErrnoError);
    return (error as native.ErrnoError).code;
  }
  return 'success';
}

test('openat2 creates below the directory, close-on-exec', ({ root, dirfd }) => {
  const flags = native.O_WRONLY | native.O_CREAT | native.O_EXCL;
  const fd = kernel.openat2(dirfd, 'new', { flags, mode: 0o640 });
  assert.is(lstatSync(path.join(root, 'new')).mode & 0o777, 0o640);
  assert.match(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'), /flags:\t02[0-7]{6}/);
  kernel.close(fd);
  assert.is(
    codeOf(() => kernel.openat2(dirfd, 'new', { flags, mode: 0o640 })),
    'EEXIST',
  );
});

test('openat2 with RESOLVE_BENEATH refuses every way out', ({ dirfd }) => {
  kernel.symlinkat('/etc/passwd', dirfd, 'absolute');
  kernel.symlinkat('../../etc/passwd', dirfd, 'relative');
  const how = { flags: native.O_RDONLY, resolve: native.RESOLVE_BENEATH };
  for (const escape of ['absolute', 'relative', '/etc/passwd', '..', '../x']) {
    assert.is(
      codeOf(() => kernel.openat2(dirfd, escape, how)),
      'EXDEV',
      escape,
    );
  }
  const noLinks = { flags: native.O_RDONLY, resolve: native.RESOLVE_NO_SYMLINKS };
  assert.is(
    codeOf(() => kernel.openat2(dirfd, 'absolute', noLinks)),
    'ELOOP',
  );
});

test('openat2 with RESOLVE_IN_ROOT takes the directory for the root', ({ root, dirfd }) => {
  mkdirSync(path.join(root, 'etc'));
  writeFileSync(path.join(root, 'etc/passwd'), 'inside');
  kernel.symlinkat('/etc/passwd', dirfd, 'link');
  const how = { flags: native.O_RDONLY, resolve: native.RESOLVE_IN_ROOT };
  const fd = kernel.openat2(dirfd, 'link', how);
  assert.is(readFileSync(fd, 'utf8'), 'inside');
  kernel.close(fd);
});

test('a path with a zero byte is refused, not cut', ({ dirfd }) => {
  assert.is(
    codeOf(() => kernel.openat2(dirfd, 'a\0b', { flags: 0 })),
    'EINVAL',
  );
  assert.is(
    codeOf(() => {
      kernel.symlinkat('a\0', dirfd, 'x');
    }),
    'EINVAL',
  );
});

test('names are made, linked, renamed and removed', ({ dirfd }) => {
  kernel.mkdirat(dirfd, 'd', 0o700);
  kernel.mknodat(dirfd, 'd/fifo', native.S_IFIFO | 0o600, { major: 0, minor: 0 });
  kernel.symlinkat('täget', dirfd, 'link');
  assert.is(kernel.readlinkat(dirfd, 'link'), 'täget');
  kernel.linkat(dirfd, 'd/fifo', dirfd, 'second', 0);
  assert.equal(kernel.readDirectory(dirfd).sort(), ['d', 'link', 'second']);
  kernel.renameat2(dirfd, 'second', dirfd, 'third', native.RENAME_NOREPLACE);
  const replace = () => {
    kernel.renameat2(dirfd, 'third', dirfd, 'link', native.RENAME_NOREPLACE);
  };
  assert.is(codeOf(replace), 'EEXIST');
  kernel.unlinkat(dirfd, 'third', 0);
  assert.is(
    codeOf(() => {
      kernel.unlinkat(dirfd, 'd', 0);
    }),
    'EISDIR',
  );
  assert.is(
    codeOf(() => {
      kernel.unlinkat(dirfd, 'd', native.AT_REMOVEDIR);
    }),
    'ENOTEMPTY',
  );
  kernel.unlinkat(dirfd, 'd/fifo', 0);
  kernel.unlinkat(dirfd, 'd', native.AT_REMOVEDIR);
  assert.equal(kernel.readDirectory(dirfd), ['link']);
});

test('readDirectory gives thousands of names, and again from the start', ({ root, dirfd }) => {
  for (let i = 0; i < 2_000; i++) writeFileSync(path.join(root, `name-${i}`), '');
  const first = kernel.readDirectory(dirfd);
  assert.is(new Set(first).size, 2_000);
  assert.equal(kernel.readDirectory(dirfd), first);
});

test('status, mode and times to the nanosecond', ({ root, dirfd }) => {
  writeFileSync(path.join(root, 'f'), '12345');
  kernel.fchmodat(dirfd, 'f', 0o4711);
  kernel.utimensat(dirfd, 'f', 1_700_000_000_123_456_789n, -1n, 0);
  kernel.fchownat(dirfd, 'f', process.getuid?.() ?? 0, process.getgid?.() ?? 0, 0);
  const status = kernel.fstatat(dirfd, 'f', native.AT_SYMLINK_NOFOLLOW);
  const node = lstatSync(path.join(root, 'f'), { bigint: true });
  assert.is(status.atimeNs, 1_700_000_000_123_456_789n);
  assert.is(status.mtimeNs, -1n);
  assert.is(status.ctimeNs, node.ctimeNs);
  assert.equal(
    [status.ino, status.dev, status.mode, status.size, status.nlink, status.uid, status.gid],
    [node.ino, node.dev, node.mode, node.size, node.nlink, node.uid, node.gid].map(Number),
  );
});

test('a device number is told as major and minor', () => {
  const { rdevMajor, rdevMinor, mode } = kernel.fstatat(native.AT_FDCWD, '/dev/null', 0);
  assert.equal([rdevMajor, rdevMinor, mode & native.S_IFMT], [1, 3, native.S_IFCHR]);
});

test('extended attributes hold any bytes', ({ root }) => {
  const file = path.join(root, 'f');
  writeFileSync(file, '');
  const value = Buffer.from([0, 255, 10, 0]);
  try {
    kernel.lsetxattr(file, 'user.bytes', value, native.XATTR_CREATE);
  } catch (error) {
    if (!native.hasErrno(error, 'ENOTSUP')) throw error;
    console.log(`skipped: the file system of ${root} has no user attributes`);
    return;
  }
  kernel.lsetxattr(file, 'user.empty', Buffer.alloc(0), 0);
  assert.equal(kernel.lgetxattr(file, 'user.bytes'), value);
  assert.is(kernel.lgetxattr(file, 'user.empty').length, 0);
  const names = kernel.llistxattr(file).filter((name) => name.startsWith('user.'));
  assert.equal(names.sort(), ['user.bytes', 'user.empty']);
  const again = () => {
    kernel.lsetxattr(file, 'user.bytes', value, native.XATTR_CREATE);
  };
  assert.is(codeOf(again), 'EEXIST');
  assert.is(
    codeOf(() => kernel.lgetxattr(file, 'user.none')),
    'ENODATA',
  );
});

test('a lock of one open file keeps out another, until it is closed', ({ root }) => {
  const file = path.join(root, 'lock');
  writeFileSync(file, '');
  chmodSync(file, 0o600);
  const open = () => kernel.openat2(native.AT_FDCWD, file, { flags: native.O_RDWR });
  const [first, second] = [open(), open()];
  kernel.flock(first, native.LOCK_EX | native.LOCK_NB);
  const contend = () => {
    kernel.flock(second, native.LOCK_EX | native.LOCK_NB);
  };
  assert.is(codeOf(contend), 'EAGAIN');
  kernel.close(first);
  assert.is(codeOf(contend), 'success');
  kernel.close(second);
});

test('statfs tells type and sizes', () => {
  assert.is(kernel.statfs('/proc').type, 0x9fa0);
  const { freeBytes, totalBytes } = kernel.statfs('/');
  assert.ok(freeBytes > 0n && freeBytes <= totalBytes);
});

test('signal 0 finds a living process and misses a dead one', () => {
  assert.is(
    codeOf(() => {
      kernel.kill(process.pid, 0);
    }),
    'success',
  );
  assert.is(
    codeOf(() => {
      kernel.kill(2 ** 22 + 1, 0);
    }),
    'ESRCH',
  );
  assert.is(
    codeOf(() => {
      kernel.close(987_654);
    }),
    'EBADF',
  );
});

test('setPipeSize lets a pipe hold more, and refuses what is no pipe', ({ dirfd }) => {
  const [output, input] = kernel.pipe2(native.O_NONBLOCK);
  kernel.setPipeSize(input, 1 << 20);
  assert.is(writeSync(input, Buffer.alloc(1 << 20)), 1 << 20, 'all of it fits');
  kernel.close(output);
  kernel.close(input);
  assert.is(
    codeOf(() => {
      kernel.setPipeSize(dirfd, 1 << 20);
    }),
    'EBADF',
  );
});

test('syncFileRange begins to write a file, and refuses a closed descriptor and unknown flags', async ({
  root,
  dirfd,
}) => {
  writeFileSync(path.join(root, 'pages'), Buffer.alloc(1 << 20, 1));
  const fd = kernel.openat2(dirfd, 'pages', { flags: native.O_RDONLY });
  await kernel.syncFileRange(fd, 0, 0, native.SYNC_FILE_RANGE_WRITE);
  await failsWith('EINVAL', kernel.syncFileRange(fd, 0, 0, 0x80));
  kernel.close(fd);
  await failsWith('EBADF', kernel.syncFileRange(fd, 0, 0, native.SYNC_FILE_RANGE_WRITE));
});

test('replaceFile puts the new content in place as a whole, and leaves nothing behind when it fails', async ({
  root,
}) => {
  const [file, temporary] = [path.join(root, 'record.json'), path.join(root, '.tmp-record')];
  const replace = (target: string, text: string, mode: number) =>
    kernel.replaceFile(root, temporary, target, Buffer.from(text), mode);
  await replace(file, 'old', 0o600);
  await replace(file, 'new', 0o640);
  assert.is(readFileSync(file, 'utf8'), 'new');
  assert.is(lstatSync(file).mode & 0o777, 0o640);
  mkdirSync(path.join(root, 'directory'));
  await failsWith('EISDIR', replace(path.join(root, 'directory'), 'newer', 0o600));
  assert.equal(readdirSync(root).sort(), ['directory', 'record.json']);
  writeFileSync(temporary, 'of somebody else');
  await failsWith('EEXIST', replace(file, 'newer', 0o600));
  assert.is(readFileSync(temporary, 'utf8'), 'of somebody else');
});

test('removeFile removes, and says when there is nothing', async ({ root }) => {
  const file = path.join(root, 'record.json');
  writeFileSync(file, '');
  await kernel.removeFile(root, file);
  assert.equal(readdirSync(root), []);
  await failsWith('ENOENT', kernel.removeFile(root, file));
});

async function failsWith(code: string, promise: Promise<unknown>): Promise<void> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  assert.instance(error, native.ErrnoError);
  assert.is((error as native.ErrnoError).code, code);
}

test.run();

import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { hostMount, linesOf, outputOf } from '../support/run-to-end.ts';
import { rejectionOf } from '../support/rejection.ts';
import { withEngine } from '../support/test-engine.ts';
import type { TestEngine } from '../support/test-engine.ts';

const PASSWD = 'root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001:An App:/home/app:/bin/sh\n';
const GROUP = 'root:x:0:\napp:x:1001:\nstaff:x:2000:app\n';

function giveAccounts({ layer }: TestEngine): void {
  writeFileSync(path.join(layer, 'etc/passwd'), PASSWD);
  writeFileSync(path.join(layer, 'etc/group'), GROUP);
}

test("[spec.user.lookup] [spec.user.home] [spec.user.groups] inside, it is the user of the container's own files", async () => {
  await withEngine(async (engine) => {
    giveAccounts(engine);
    const ask = 'id -u; id -g; id -G; echo $HOME; id -un';
    const asApp = engine.request(ask, { user: 'app', groups: ['root', '7'] });
    assert.equal(await linesOf(engine, asApp), ['1000', '1001', '1001 0 7 2000', '/home/app', 'app']);
    const elsewhere = engine.request('echo $HOME', { user: 'app', env: [{ name: 'HOME', value: '/mine' }] });
    assert.is(await outputOf(engine, elsewhere), '/mine');
  });
});

test('[spec.user.lookup] a mount over /etc/passwd, or over /etc, is read instead', async () => {
  await withEngine(async (engine) => {
    giveAccounts(engine);
    const mine = path.join(engine.directory, 'mine');
    mkdirSync(mine);
    writeFileSync(path.join(mine, 'passwd'), 'app:x:3000:3001::/srv:/bin/sh\n');
    writeFileSync(path.join(mine, 'group'), 'other:x:4000:app\n');
    const ask = 'id -u; id -g; id -G; echo $HOME';
    const overFile = engine.request(ask, {
      user: 'app',
      ...hostMount(path.join(mine, 'passwd'), '/etc/passwd'),
    });
    assert.equal(await linesOf(engine, overFile), ['3000', '3001', '3001 2000', '/srv']);
    const overDirectory = engine.request(ask, { user: 'app', ...hostMount(mine, '/etc') });
    assert.equal(await linesOf(engine, overDirectory), ['3000', '3001', '3001 4000', '/srv']);
  });
});

test('[spec.user.lookup] a link in a mount over /etc does not lead out of it', async () => {
  await withEngine(async (engine) => {
    const mine = path.join(engine.directory, 'mine');
    mkdirSync(mine);
    symlinkSync('/etc/passwd', path.join(mine, 'passwd'));
    const error = await rejectionOf(
      engine.containers.create(engine.request('true', { user: 'daemon', ...hostMount(mine, '/etc') })),
    );
    assert.match(error.message, /\/etc\/passwd/);
  });
});

test('[spec.user.numeric] a number that nobody knows runs, and gets a line in passwd and group', async () => {
  await withEngine(async (engine) => {
    giveAccounts(engine);
    const ask = 'id -u; id -g; tail -n 1 /etc/passwd; tail -n 1 /etc/group';
    assert.equal(await linesOf(engine, engine.request(ask, { user: '4242:4343' })), [
      '4242',
      '4343',
      '4242:*:4242:4343:container user:/:/bin/sh',
      '4343:x:4343:4242',
    ]);
  });
});

test('[spec.user.host] [passwd.host-users] a user that only the host knows, with its line and home', async () => {
  await withEngine(async (engine) => {
    giveAccounts(engine);
    const refused = await rejectionOf(engine.containers.create(engine.request('true', { user: 'daemon' })));
    assert.is(refused.code, 'UNKNOWN_USER');
    const ask = 'id -u; grep ^daemon: /etc/passwd; grep ^daemon: /etc/group';
    const lines = await linesOf(engine, engine.request(ask, { user: 'daemon', hostUsers: ['daemon'] }));
    assert.equal(lines, ['1', 'daemon:*:1:1::/:/bin/sh', 'daemon:x:1:daemon']);
    const home = /^daemon:[^:]*:1:1:[^:]*:([^:]*)/m.exec(readFileSync('/etc/passwd', 'utf8'))?.[1] ?? '';
    const mounted = engine.request('grep ^daemon: /etc/passwd', {
      hostUsers: ['daemon'],
      ...hostMount(home, home),
    });
    assert.equal(await linesOf(engine, mounted), [`daemon:*:1:1::${home}:/bin/sh`]);
    const nobody = await rejectionOf(
      engine.containers.create(engine.request('true', { hostUsers: ['no-such-user-here'] })),
    );
    assert.match(nobody.message, /hostUsers.*no-such-user-here/);
  });
});

test('[passwd.readonly] a writable container keeps its own files, appended to once, and a program may replace them', async () => {
  await withEngine(async (engine) => {
    giveAccounts(engine);
    const count = engine.request('grep -c :4242: /etc/passwd; grep passwd /proc/mounts | wc -l', {
      user: '4242',
    });
    assert.equal(await linesOf(engine, count), ['1', '0']);
    await engine.containers.cleanup(count);
    assert.equal(await linesOf(engine, count), ['1', '0'], 'the second time nothing is added');
    const add = engine.request(
      'echo new:x:9:9::/:/bin/sh > /etc/p && mv /etc/p /etc/passwd && grep -c ^new: /etc/passwd',
    );
    assert.equal(await linesOf(engine, add), ['1']);
    assert.is(readFileSync(path.join(engine.layer, 'etc/passwd'), 'utf8'), PASSWD, 'the image is as it was');
  });
});

test('[passwd.readonly] in a read-only container a completed copy is mounted over', async () => {
  await withEngine(async (engine) => {
    giveAccounts(engine);
    const request = engine.request(
      'grep -c :4242: /etc/passwd; sh -c "echo x >> /etc/passwd" 2>&1; grep /etc/passwd /proc/mounts',
      {
        user: '4242',
        securityContext: { readOnlyRootFilesystem: true },
      },
    );
    const [count, refused = '', mount = ''] = await linesOf(engine, request);
    assert.is(count, '1');
    assert.match(refused, /Read-only file system|ermission denied/);
    for (const option of ['ro', 'nosuid', 'nodev', 'noexec'])
      assert.match(mount, new RegExp(`\\b${option}\\b`));
  });
});

test('[passwd.opt-out] templates, passwd: false, and mounts that are never touched', async () => {
  await withEngine(async (engine) => {
    giveAccounts(engine);
    const templated = engine.request('tail -n 1 /etc/passwd; tail -n 1 /etc/group', {
      user: '4242:4343',
      workingDir: '/tmp',
      passwdEntry: 'me:x:$UID:$GID:$NAME:$HOME:/bin/false',
      groupEntry: 'ours:x:$GID:$USERLIST',
    });
    assert.equal(await linesOf(engine, templated), [
      'me:x:4242:4343:container user:/tmp:/bin/false',
      'ours:x:4343:4242',
    ]);
    const off = engine.request('grep -c 4242 /etc/passwd', { user: '4242', passwd: false });
    assert.equal(await linesOf(engine, off), ['0']);
    const file = path.join(engine.directory, 'passwd');
    writeFileSync(file, PASSWD);
    const before = statSync(file).mtimeMs;
    const mounted = engine.request('grep -c 4242 /etc/passwd', {
      user: '4242',
      ...hostMount(file, '/etc/passwd'),
    });
    assert.equal(await linesOf(engine, mounted), ['0']);
    assert.is(readFileSync(file, 'utf8'), PASSWD);
    assert.is(statSync(file).mtimeMs, before);
  });
});

test('[spec.umask] the mask is that of the processes inside', async () => {
  await withEngine(async (engine) => {
    assert.is(await outputOf(engine, engine.request('umask', { umask: '0077' })), '0077');
    assert.is(await outputOf(engine, engine.request('umask')), '0022');
  });
});

test.run();

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { addHostsEntry, hostsFile, parseHosts } from '../../../engine/files/hosts.ts';

const NONE = { base: '', aliases: [], own: [], hostAddress: null };

test('[files.hosts] base, aliases before it, own addresses and the name of the host after it', () => {
  const text = hostsFile({
    base: '127.0.0.1 localhost # a comment\n\n10.0.0.9\tdb db.example\n',
    aliases: [{ ip: '10.9.9.9', hostnames: ['db'] }],
    own: [{ ip: '10.88.0.5', hostnames: ['web', 'web'] }],
    hostAddress: '10.88.0.1',
  });
  assert.is(
    text,
    '10.9.9.9\tdb\n127.0.0.1\tlocalhost\n10.0.0.9\tdb db.example\n' +
      '10.88.0.1\thost.containers.internal host.docker.internal\n10.88.0.5\tweb\n',
  );
});

test('[files.hosts] without a base there is still a localhost', () => {
  assert.equal(
    parseHosts(hostsFile(NONE)).map(({ ip, hostnames }) => `${ip} ${hostnames[0] ?? ''}`),
    ['127.0.0.1 localhost', '::1 localhost'],
  );
});

test('[files.hosts] an alias for the name of the host is not doubled', () => {
  const aliases = [{ ip: '192.0.2.1', hostnames: ['host.containers.internal'] }];
  const entries = parseHosts(hostsFile({ ...NONE, aliases, hostAddress: '10.88.0.1' }));
  assert.equal(entries.find(({ ip }) => ip === '10.88.0.1')?.hostnames, ['host.docker.internal']);
});

test('[files.hosts-shared] a member adds its names once, and on a line of its own', () => {
  const entry = { ip: '127.0.0.1', hostnames: ['pod', 'member'] };
  const once = addHostsEntry('127.0.0.1 localhost', entry);
  assert.is(once, '127.0.0.1 localhost\n127.0.0.1\tpod member\n');
  assert.is(addHostsEntry(once, entry), once);
});

test.run();

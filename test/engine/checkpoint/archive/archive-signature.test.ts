import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  ArchiveDigest,
  formatPublicKey,
  signDigest,
  signerOf,
} from '../../../../engine/checkpoint/archive/archive-signature.ts';

const { privateKey } = generateKeyPairSync('ed25519');

function digestOf(members: readonly [string, string][]): Buffer {
  const digest = new ArchiveDigest();
  for (const [name, content] of members) {
    digest.begin({ name, type: 'file', size: content.length, linkTarget: '' });
    digest.data(Buffer.from(content));
  }
  return digest.end();
}

test('a signature names its key, and is good for what was signed and nothing else', () => {
  const digest = digestOf([['config.dump', '{}']]);
  const signature = signDigest(privateKey, digest);
  assert.is(signerOf(signature, digest), formatPublicKey(createPublicKey(privateKey)));
  assert.match(signature.publicKey, /^ed25519:[\w-]{43}$/);
  const other = digestOf([['config.dump', '[]']]);
  assert.is(signerOf(signature, other), null);
  assert.is(signerOf({ ...signature, sha256: other.toString('base64') }, other), null);
  const foreign = signDigest(generateKeyPairSync('ed25519').privateKey, digest);
  assert.is(signerOf({ ...signature, publicKey: foreign.publicKey }, digest), null);
  for (const publicKey of ['', 'ed25519:', 'rsa:x', `ed25519:${'!'.repeat(43)}`]) {
    assert.is(signerOf({ ...signature, publicKey }, digest), null);
  }
});

test('how an archive is packed does not count, what its members are called and hold does', () => {
  const digest = digestOf([
    ['a', 'x'],
    ['b', 'y'],
  ]);
  const same = digestOf([
    ['./a', 'x'],
    ['b', 'y'],
  ]);
  assert.ok(digest.equals(same));
  const others: [string, string][][] = [
    [['a', 'x']],
    [
      ['b', 'y'],
      ['a', 'x'],
    ],
    [
      ['a', 'xy'],
      ['b', ''],
    ],
  ];
  for (const members of others) assert.not(digest.equals(digestOf(members)));
});

test.run();

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  criuMessage,
  decodeResponse,
  encodeRequest,
  encodeStrictly,
} from '../../../engine/criu/rpc-codec.ts';

const request = criuMessage('criu_req');

test('a request is what CRIU reads: type 11, wanted pid 6', () => {
  assert.is(
    Buffer.from(encodeRequest({ type: 'DUMP', opts: { images_dir_fd: 5, pid: 7 } })).toString('hex'),
    '0801120408051007',
  );
});

test('negative descriptors go and come whole', () => {
  const bytes = encodeRequest({ type: 'CHECK', opts: { images_dir_fd: -1 } });
  assert.is((request.decode(bytes).toJSON() as { opts: { images_dir_fd: number } }).opts.images_dir_fd, -1);
});

const refusals: [string, object, RegExp][] = [
  ['a misspelt field', { type: 'DUMP', notifySuccess: true }, /unknown field notifySuccess/],
  ['an unknown request', { type: 'DUMPP' }, /"DUMPP" is not in criu_req_type/],
  ['a number for an enum', { type: 1 }, /1 is not in criu_req_type/],
  ['a missing required field', { type: 'DUMP', opts: {} }, /images_dir_fd is required/],
  ['a text for a truth', { type: 'NOTIFY', notify_success: 'no' }, /expected a boolean, found "no"/],
  ['a number that does not fit', { type: 'DUMP', opts: { images_dir_fd: 2 ** 31 } }, /does not fit int32/],
  ['a negative unsigned', { type: 'WAIT_PID', pid: -1 }, /does not fit uint32/],
  ['one value for a list', { type: 'DUMP', opts: { images_dir_fd: 1, external: 'x' } }, /expected a list/],
  [
    'a list of the wrong',
    { type: 'DUMP', opts: { images_dir_fd: 1, external: [1] } },
    /external\[0\]: expected a string/,
  ],
];
for (const [what, value, expected] of refusals) {
  test(`${what} is refused, not dropped`, () => {
    assert.throws(() => encodeStrictly(request, value), expected);
  });
}

test('an answer says what is there and nothing else', () => {
  const type = criuMessage('criu_resp');
  const bytes = type
    .encode(type.fromObject({ type: 'NOTIFY', success: true, notify: { script: 'pre-dump' } }))
    .finish();
  assert.equal(decodeResponse(bytes), { type: 'NOTIFY', success: true, notify: { script: 'pre-dump' } });
});

test('an answer that is cut off is an error', () => {
  assert.throws(() => decodeResponse(Buffer.from('0801', 'hex')), /missing required/);
  assert.throws(() => decodeResponse(Buffer.from('08011001320a', 'hex')), RangeError);
});

test.run();

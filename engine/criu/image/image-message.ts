import { readFileSync } from 'node:fs';
import path from 'node:path';
import protobuf from 'protobufjs';
import { packageRoot } from '../../../native/index.ts';

let messages: protobuf.Root | undefined;

/** One of the messages of `schemas/criu/criu-images.proto`, which is read when the first is asked for. */
export function imageMessage(name: string): protobuf.Type {
  if (messages === undefined) {
    const file = path.join(packageRoot(), 'schemas', 'criu', 'criu-images.proto');
    messages = protobuf.parse(readFileSync(file, 'utf8'), { keepCase: true }).root;
    messages.resolveAll();
  }
  return messages.lookupType(`images.${name}`);
}

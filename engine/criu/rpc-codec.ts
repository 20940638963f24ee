import { readFileSync } from 'node:fs';
import path from 'node:path';
import protobuf from 'protobufjs';
import type { CriuRequest, CriuResponse } from '../../schemas/index.ts';
import { packageRoot } from '../../native/index.ts';

let messages: protobuf.Root | undefined;

/** One of the messages of `schemas/criu/criu-rpc.proto`, which is read when the first is asked for. */
export function criuMessage(name: string): protobuf.Type {
  if (messages === undefined) {
    const file = path.join(packageRoot(), 'schemas', 'criu', 'criu-rpc.proto');
    messages = protobuf.parse(readFileSync(file, 'utf8'), { keepCase: true }).root;
    messages.resolveAll();
  }
  return messages.lookupType(`criu.${name}`);
}

/** One message for CRIU. Throws TypeError or RangeError for a value that the message cannot carry. */
export function encodeRequest(request: CriuRequest): Uint8Array {
  return encodeStrictly(criuMessage('criu_req'), request);
}

/** One message of CRIU. Throws for one that is cut off or lacks what it must have. */
export function decodeResponse(bytes: Uint8Array): CriuResponse {
  const type = criuMessage('criu_resp');
  return type.toObject(type.decode(bytes), { enums: String, longs: Number }) as CriuResponse;
}

/**
 * protobufjs drops misspelt fields, sends an unknown enum name as 0, lets required fields out and wraps numbers, all without a
 * word. This refuses each of them.
 */
export function encodeStrictly(type: protobuf.Type, value: object): Uint8Array {
  checkMessage(type, value, type.name);
  return type.encode(type.fromObject(value)).finish();
}

function checkMessage(type: protobuf.Type, value: unknown, at: string): void {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new TypeError(`encode ${at}: expected a message, found ${describe(value)}`);
  }
  for (const name of Object.keys(value)) {
    if (!Object.hasOwn(type.fields, name)) throw new TypeError(`encode ${at}: unknown field ${name}`);
  }
  const values = value as Record<string, unknown>;
  for (const field of type.fieldsArray) {
    const found = values[field.name];
    if (found === undefined) {
      if (field.required) throw new TypeError(`encode ${at}: ${field.name} is required`);
      continue;
    }
    checkField(field, found, `${at}.${field.name}`);
  }
}

function checkField(field: protobuf.Field, value: unknown, at: string): void {
  if (!field.repeated) {
    checkValue(field, value, at);
    return;
  }
  if (!Array.isArray(value)) throw new TypeError(`encode ${at}: expected a list, found ${describe(value)}`);
  for (const [index, each] of value.entries()) checkValue(field, each, `${at}[${String(index)}]`);
}

const INT32 = { least: -(2 ** 31), most: 2 ** 31 - 1 };
const UINT32 = { least: 0, most: 2 ** 32 - 1 };

function checkValue(field: protobuf.Field, value: unknown, at: string): void {
  const { resolvedType } = field;
  if (resolvedType instanceof protobuf.Enum) {
    if (typeof value === 'string' && Object.hasOwn(resolvedType.values, value)) return;
    throw new RangeError(`encode ${at}: ${describe(value)} is not in ${resolvedType.name}`);
  }
  if (resolvedType instanceof protobuf.Type) {
    checkMessage(resolvedType, value, at);
    return;
  }
  if (field.type === 'int32' || field.type === 'uint32') {
    const { least, most } = field.type === 'int32' ? INT32 : UINT32;
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return;
    throw new RangeError(`encode ${at}: ${describe(value)} does not fit ${field.type}`);
  }
  const expected = field.type === 'bool' ? 'boolean' : 'string';
  if (typeof value !== expected)
    throw new TypeError(`encode ${at}: expected a ${expected}, found ${describe(value)}`);
}

function describe(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}

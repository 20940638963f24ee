import { writeSync } from 'node:fs';
import { openRecordStore } from '../../../engine/store/durable-record-store.ts';
import { storedContainer } from '../../support/stored-records.ts';

/**
 * Writes records as fast as it can until it is killed: to each name the next number after the one that it found, and a line
 * `name number` on standard output for each write that the store has acknowledged.
 */
const [directory = '', ...names] = process.argv.slice(2);
const store = await openRecordStore({ directory });
await Promise.all(
  names.map(async (name) => {
    let number = store.containers.get(name)?.restartCount ?? 0;
    for (;;) {
      number += 1;
      await store.containers.put(storedContainer(name, number));
      writeSync(1, `${name} ${number}\n`);
    }
  }),
);

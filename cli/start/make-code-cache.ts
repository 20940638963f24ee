/**
 * `dist/make-code-cache.js`: writes the code cache of program.js for the Node that runs this. Part of the build, and of installing,
 * since another version of Node cannot use it. Commands that change nothing are run before, so that it has what they compile.
 */
import { mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CODE_CACHE, loadProgram } from './load-program.ts';

const MANIFEST = `
apiVersion: tsctr.dev/v1
kind: Container
metadata: { name: web }
spec: { image: localhost/web:1, command: [sleep, '60'], volumeMounts: [{ name: data, mountPath: /data }], volumes: [{ name: data, emptyDir: {} }] }
---
apiVersion: v1
kind: Pod
metadata: { name: pod }
spec: { containers: [{ name: main, image: localhost/web:1 }] }
`;

async function main(): Promise<void> {
  const { program, createCodeCache } = loadProgram({ cached: false });
  const { runProcess } = await program.commands();
  const directory = mkdtempSync(path.join(tmpdir(), 'tsctr-cache-'));
  // What they print is of no interest, and neither is whether they may do here what they are told.
  for (const stream of [process.stdout, process.stderr]) stream.write = () => true;
  try {
    const manifest = path.join(directory, 'all.yaml');
    writeFileSync(manifest, MANIFEST);
    const places = ['--root', path.join(directory, 'root'), '--run', path.join(directory, 'run')];
    for (const words of [['validate'], ['diff'], ['apply', '--dry-run']]) {
      await runProcess([...places, ...words, '-f', manifest]);
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  process.exitCode = 0;
  replace(CODE_CACHE, createCodeCache());
}

/** Those of earlier builds go. */
function replace(file: string, data: Buffer): void {
  const directory = path.dirname(file);
  writeFileSync(`${file}.new`, data);
  renameSync(`${file}.new`, file);
  for (const name of readdirSync(directory)) {
    if (name.endsWith('.v8cache') && name !== path.basename(file)) rmSync(path.join(directory, name));
  }
}

void main();

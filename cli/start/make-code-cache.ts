/**
 * `dist/make-code-cache.js`: writes the code cache of program.js for the Node that runs this. Part of the build, and of installing,
 * since another version of Node cannot use it. Commands that change nothing of the host are run before, so that it has what they
 * compile: an `apply` among them that goes until it finds no image, on records of its own.
 */
import { mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CODE_CACHE, loadProgram } from './load-program.ts';

/** An image of localhost/ comes from no registry. */
const CONTAINER = `
apiVersion: tsctr.dev/v1
kind: Container
metadata: { name: web }
spec: { image: localhost/web:1, command: [sleep, '60'], volumeMounts: [{ name: data, mountPath: /data }], volumes: [{ name: data, emptyDir: {} }] }
`;
const POD = `
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
    const [container, pod] = [path.join(directory, 'container.yaml'), path.join(directory, 'pod.yaml')];
    writeFileSync(container, CONTAINER);
    writeFileSync(pod, POD);
    const places = ['--root', path.join(directory, 'root'), '--run', path.join(directory, 'run')];
    const commands = [
      ['validate', '-f', container, '-f', pod],
      ['diff', '-f', container, '-f', pod],
      ['apply', '--dry-run', '-f', container, '-f', pod],
      ['apply', '--wait', '-f', container],
      ['get'],
      ['delete', '-f', container],
    ];
    for (const words of commands) await runProcess([...places, ...words]);
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

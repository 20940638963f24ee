// Prints the licences of what runs as a part of tsctr, npm packages and libzstd: their terms ask for a copy with the program.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

const root = path.dirname(import.meta.dirname);
const { packages } = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8'));
for (const [place, { dev = false, optional = false }] of Object.entries(packages)) {
  const directory = path.join(root, place);
  if (place === '' || dev || (optional && !existsSync(directory))) continue;
  const { name, version, license } = JSON.parse(readFileSync(path.join(directory, 'package.json'), 'utf8'));
  console.log(`${'='.repeat(72)}\n${name} ${version}: ${license}\n`);
  for (const file of readdirSync(directory)
    .filter((one) => /^(licen[cs]e|notice|copying)/i.test(one))
    .sort()) {
    console.log(`${readFileSync(path.join(directory, file), 'utf8').trim()}\n`);
  }
}
console.log(`${'='.repeat(72)}\nlibzstd\n`);
console.log(readFileSync('/usr/share/doc/libzstd-dev/copyright', 'utf8').trim());

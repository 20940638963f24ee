/** `dist/main.js`: the command line. */
import { runMain } from '../run-main.ts';
import { loadProgram } from './load-program.ts';

void runMain(() => loadProgram({ cached: true }).program.commands());

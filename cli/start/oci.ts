/** `dist/oci.js`: what `bin/tsctr-oci` does not hand to the runtime. */
import { loadProgram } from './load-program.ts';

void loadProgram({ cached: true }).program.tsctrOci();

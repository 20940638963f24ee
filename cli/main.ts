/** The command line run from the sources: `node --import tsx cli/main.ts`. What is shipped begins in `start/main.ts`. */
import { runMain } from './run-main.ts';

void runMain(() => import('./command-line/run-process.ts'));

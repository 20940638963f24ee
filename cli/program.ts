/** What `dist/program.js` holds: all of tsctr, of which each part is loaded when it is asked for. */

/** The command line. */
export const commands = () => import('./command-line/run-process.ts');

/** Runs, as it is loaded, what `tsctr-oci` was called with. */
export const tsctrOci = () => import('./oci.ts');

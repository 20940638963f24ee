/** Thrown before anything was printed: this process cannot run the command as a process of its own would. */
export class RunElsewhere extends Error {
  override readonly name = 'RunElsewhere';
}

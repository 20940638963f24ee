/** What one try of a probe has come to. */
export interface ProbeResult {
  isSuccess: boolean;
  /** In words: `answered 500`, `exit code 1: no such table`. */
  message: string;
}

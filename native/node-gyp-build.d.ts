declare module 'node-gyp-build' {
  /** Loads the addon of the package whose root is `packageRoot`: build/Release first, then prebuilds. Throws when there is none. */
  export default function load(packageRoot: string): unknown;
}

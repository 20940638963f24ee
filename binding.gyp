{
  "target_defaults": {
    "cflags": ["-O2", "-g1", "-fstack-protector-strong", "-D_FORTIFY_SOURCE=2", "-fvisibility=hidden"],
    "cflags_cc": ["-std=c++20", "-Wall", "-Wextra"],
    "cflags_cc!": ["-std=gnu++17", "-std=gnu++20"]
  },
  "targets": [
    {
      "target_name": "tsctr_native",
      "sources": [
        "native/src/addon.cc",
        "native/src/durable_file.cc",
        "native/src/errno.cc",
        "native/src/file.cc",
        "native/src/inode.cc",
        "native/src/mount.cc",
        "native/src/namespace.cc",
        "native/src/process.cc",
        "native/src/socket.cc",
        "native/src/spawn.cc",
        "native/src/tree.cc",
        "native/src/watcher.cc",
        "native/src/xattr.cc",
        "native/src/zstd.cc"
      ],
      # Within the addon, and hidden there: newer Nodes export a zstd of their own, which would take the place of a shared one in part.
      "libraries": ["-l:libzstd.a"],
      "ldflags": ["-Wl,--exclude-libs,libzstd.a"],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      "dependencies": ["<!(node -p \"require('node-addon-api').targets\"):node_addon_api_except_all"],
      "defines": [
        "NAPI_VERSION=9",
        "NODE_ADDON_API_DISABLE_DEPRECATED",
        "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"
      ]
    },
    {
      "target_name": "tsctr-client",
      "type": "executable",
      "win_delay_load_hook": "false",
      "sources": [
        "native/src/client.cc",
        "native/src/daemon_socket.cc",
        "native/src/describe_command.cc",
        "native/src/relay_command.cc"
      ],
      "ldflags": ["-static-libgcc", "-static-libstdc++"]
    },
    {
      "target_name": "tsctr-exited",
      "type": "executable",
      "win_delay_load_hook": "false",
      "sources": ["native/src/exited.cc"],
      "ldflags": ["-static-libgcc", "-static-libstdc++"]
    },
    {
      "target_name": "tsctr-lazy-pages",
      "type": "executable",
      "win_delay_load_hook": "false",
      "sources": ["native/src/kill_in_cgroup.cc", "native/src/lazy-pages.cc"],
      "ldflags": ["-static-libgcc", "-static-libstdc++"]
    },
    {
      "target_name": "tsctr-restore",
      "type": "executable",
      "win_delay_load_hook": "false",
      "sources": [
        "native/src/kill_in_cgroup.cc",
        "native/src/new_network.cc",
        "native/src/private_run.cc",
        "native/src/restore-launcher.cc"
      ],
      "ldflags": ["-static-libgcc", "-static-libstdc++"]
    },
    {
      "target_name": "tsctr-tar",
      "type": "executable",
      "win_delay_load_hook": "false",
      "sources": ["native/src/plain_gzip.cc", "native/src/small_tree.cc", "native/src/tar-shortcut.cc"],
      "ldflags": ["-static-libgcc", "-static-libstdc++"]
    },
    {
      "target_name": "tsctr-conntrack",
      "type": "shared_library",
      "product_prefix": "",
      "product_extension": "so",
      "win_delay_load_hook": "false",
      "sources": ["native/src/conntrack-shortcut.cc"],
      "ldflags": ["-static-libgcc", "-static-libstdc++"]
    }
  ]
}

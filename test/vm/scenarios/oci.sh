# tsctr-oci without any engine above it.

# make_bundle <directory>: counts, and looks through 4 MB of memory for each number.
make_bundle() {
  local directory=$1 program
  mkdir -p "$directory/rootfs/bin"
  cp /bin/busybox "$directory/rootfs/bin/"
  for program in sh sleep head tr; do ln -s busybox "$directory/rootfs/bin/$program"; done
  (cd "$directory" && runc spec)
  sed -i -e 's/"terminal": true/"terminal": false/' -e 's/"readonly": true/"readonly": false/' -e 's|^\(\t*\)"sh"$|\1"sh", "/count"|' \
    "$directory/config.json"
  cat >"$directory/rootfs/count" <<'COUNT'
memory=$(head -c 4000000 /dev/zero | tr '\0' x)
n=0
while :; do n=$((n + 1)); echo "count $n ${#memory}"; sleep 1; done
COUNT
}

pages_follow() {
  local place=/var/tmp/lazy server before
  mkdir -p "$place/work"
  make_bundle "$place/bundle"
  cd "$place/bundle"
  # Pipes, as a monitor has them: what is a file outside cannot be saved.
  tsctr-oci create lazy </dev/null > >(exec cat >>"$place/output") 2> >(exec cat >>"$place/errors")
  tsctr-oci start lazy
  wait_for 'it has counted' grep -q 'count 2 ' "$place/output"
  tsctr-oci checkpoint --image-path "$place/images" lazy
  before=$(tail -n 1 "$place/output" | cut -d' ' -f2)
  criu lazy-pages --images-dir "$place/images" --work-dir "$place/work" -v4 --log-file lazy.log &
  server=$!
  wait_for 'the pages can be asked for' test -S "$place/work/lazy-pages.socket"
  tsctr-oci restore --detach --lazy-pages --image-path "$place/images" --work-path "$place/work" lazy \
    </dev/null > >(exec cat >>"$place/output") 2> >(exec cat >>"$place/errors")
  wait_for 'it goes on counting' bash -c "[[ \$(tail -n 1 $place/output | cut -d' ' -f2) -gt $before ]]"
  equal 'the memory is what it was' "count $((before + 1)) 4000000" "$(grep "^count $((before + 1)) " "$place/output")"
  wait_for 'all pages have come' bash -c "! kill -0 $server"
  grep 'UFFD transferred pages' "$place/work/lazy.log"
  equal 'its state' running "$(tsctr-oci state lazy | sed -n 's/^ *"status": "\(.*\)",*$/\1/p')"
  tsctr-oci delete --force lazy
  cd /
  rm -r "$place"
}
prove 'tsctr-oci and runc: a restore whose pages follow (lazy pages)' pages_follow

# Shell scripts of the kind that people give to their VMs, one after each "### name" line, for comparing the guest's shell with the
# real /bin/sh. The rule: a script here prints nothing that differs from run to run or from one machine to another. The real shell has
# real time, so nothing may depend on which of two is faster: who comes later waits for a file, and what is to be cut off is far longer.

### echo with escapes and -n
echo "a\tb"; echo -n x; echo; echo "q\\"; echo -e z

### single and double quotes
x=1; echo '$x "q"' "$x 'q'" \$x "\$x" "a\"b" 'it'"'"'s'

### field splitting
x="a  b	c"; for i in $x; do echo "[$i]"; done; echo "$x" $x

### IFS with colons
IFS=:; x=a::b:c; for i in $x; do echo "[$i]"; done; set -- $x; echo $#

### IFS mixed white space
IFS=" ,"; x="a , b,,c ,"; for i in $x; do echo "[$i]"; done

### empty fields vanish
set -- a "" $nothing "$nothing"; echo $#; for i; do echo "[$i]"; done

### parameters
set -- "a b" c; echo $# "$1" "$2" "$@"; for i in "$@"; do echo "<$i>"; done; for i in "$*"; do echo "<$i>"; done

### quoted $@ with text around
set -- 1 2 3; for i in "x$@y"; do echo "<$i>"; done; set --; for i in "$@"; do echo no; done; echo "x$@y"

### shift and ten parameters
set -- 1 2 3 4 5 6 7 8 9 10 11; echo ${10} $10; shift 2; echo $1 $#; shift; echo "$*"

### defaults
echo ${x:-d} ${x-d} ${x:+s}; x=; echo ${x:-e} "[${x-e}]" "[${x+s}]"; echo ${y:=set} $y; : ${z:="a b"}; echo "$z"

### default with quotes and spaces
for i in ${x:-a b "c d"}; do echo "[$i]"; done; echo "${x:-"a  b"}"

### prefix and suffix
p=/usr/local/lib/x.tar.gz; echo ${p##*/} ${p%/*} ${p%%.*} ${p#*/} ${p%.gz}; a="k=v=w"; echo ${a%%=*} ${a#*=}

### quoted pattern in removal
x='a*b*c'; echo "${x#*\*}" "${x#a'*'}" "${x%"*c"}"; y='*'; echo "${x#a$y}" "${x#a"$y"}"

### length
x=hello; echo ${#x} ${#nothing}; set -- a b; echo ${#} ${#1}

### command substitution
x=$(echo a; echo b); echo $x; echo "$x"; y=`echo \`echo in\``; echo $y; echo "$(printf "t\n\n\n")."

### substitution status
x=$(false); echo $?; x=$(exit 3) || echo "f $?"; echo $(exit 4) $?

### nested quotes in substitution
x="a b"; echo "$(echo "$x" | sed "s/a/${x#a }/")"

### arithmetic
x=5; echo $((x+2*3)) $(($x%3)) $(( (1+2)*3 )) $((1<<4)) $((7/2)) $((-7/2)) $((-7%3)) $((0x1f)) $((010)) $((5>3 && 2>1)) $((x==5?10:20)) $((!0)) $((~5))

### arithmetic assignment
i=0; i=$((i+1)); : $((i+=5)); echo $i $((i=i*2)) $i; echo $((1 || (j=3))) "[$j]"

### large numbers
echo $((1700000000123456789 / 1000000)) $((9223372036854775807))

### while and test
i=0; while [ $i -lt 3 ]; do echo $i; i=$((i+1)); done; until [ $i -eq 0 ]; do i=$((i-1)); done; echo $i

### break and continue
for i in 1 2 3 4 5; do [ $i = 2 ] && continue; [ $i = 4 ] && break; echo $i; done; for a in 1 2; do for b in x y z; do [ $b = y ] && continue 2; echo $a$b; done; done; while :; do while :; do break 2; done; done; echo end

### if elif else
for x in a b c; do if [ $x = a ]; then echo A; elif [ "$x" = b ]; then echo B; else echo other; fi; done; if false; then echo no; fi; echo $?

### case patterns
for x in apple b.txt 7 "" "a b" "*"; do case "$x" in a*e) echo 1;; *.txt|*.md) echo 2;; [0-9]) echo 3;; "") echo 4;; "*") echo star;; [!a-z]*) echo 5;; *) echo 6;; esac; done

### case without match
case x in y) echo y;; esac; echo $?; x=1; case $x in ${x}) echo same;; esac

### functions
f() { echo "f: $1 $#"; return 3; }; f a b; echo $?; g() { local v=in; w=out; echo $v; }; v=1; g; echo $v $w; f "x y" && echo no || echo yes

### recursive function
fact() { if [ $1 -le 1 ]; then echo 1; else echo $(( $1 * $(fact $(($1-1))) )); fi; }; fact 6

### function with redirection
f() { echo out; echo err >&2; } 2>/dev/null; f; f | cat

### subshell keeps variables apart
x=1; (x=2; echo $x; exit 5); echo $? $x; { x=3; }; echo $x; (cd /tmp; pwd); (exit 0) && echo ok

### and or lists
true && echo a || echo b; false && echo a || echo b; ! true; echo $?; ! false && echo n; true || echo x; false || false || echo z

### pipelines
printf "c\nb\na\n" | sort | head -n 2 | tr a-z A-Z; echo x | (read y; echo "got $y"); false | true; echo $?; true | false; echo $?

### variables in a pipeline are lost
x=1; echo 2 | read x; echo $x; printf "1\n2\n3\n" | while read n; do s=$((s+n)); echo $s; done; echo "[$s]"

### read splits
echo "a b  c d" | { read x y z; echo "[$x][$y][$z]"; }; echo "1:2:3" | { IFS=: read a b; echo "$a|$b"; }; printf "x\\ty\n" | { read -r l; echo "$l"; }

### read to the end
printf "a\nb" | { while read l; do echo "<$l>"; done; echo "rest $l"; }; read x </dev/null; echo $?

### here-document
x=val; cat <<EOF
plain $x $(echo sub) $((1+1)) \$x `echo bt`
  indented "q" 's'
EOF
cat <<'EOF'
raw $x $(no)
EOF
cat <<-EOF
	tabbed $x
	EOF
echo done

### here-document into a loop
while read a b; do echo "$b-$a"; done <<EOF
1 one
2 two
EOF

### files and redirections
cd "$(mktemp -d)"; echo 1 > f; echo 2 >> f; cat f; cat < f > g; wc -l < g; { echo a; echo b; } > h; cat h; : > f; [ -s f ] || echo empty; rm f g h; ls

### two to one
cd "$(mktemp -d)"; { echo out; echo err >&2; } > all 2>&1; cat all; (echo e >&2) 2>&1 | sed s/e/E/; echo x 2>/dev/null >&2; echo y >&2 2>/dev/null | cat

### descriptors by exec
cd "$(mktemp -d)"; exec 3>f; echo three >&3; exec 3>&-; cat f; exec 4<f; read l <&4; echo "$l"; exec >g; echo hidden; exec >&2; cat g >/dev/null

### order of redirections
cd "$(mktemp -d)"; sh -c "echo o; echo e >&2" 2>&1 >f | sed s/^/p:/; cat f

### failed redirection
cat < /no/such/file; echo $?; echo x > /no/such/dir/f; echo $?

### command not found
nosuchcommand_x a b; echo $?; nosuchcommand_x 2>/dev/null || echo fallback; if nosuchcommand_x 2>/dev/null; then :; else echo else; fi

### set -e stops
set -e; echo a; false; echo not reached

### set -e and conditions
set -e; false || true; if false; then :; fi; ! true; false && true; while false; do :; done; x=$(false) || echo caught; echo still; (false; echo no) || echo sub; f() { false; echo in f; }; f || true; f; echo not reached

### set -e with a subshell
set -e; (exit 3); echo not reached

### set -u
set -u; echo ${x:-fine}; echo $x; echo not reached

### set -x
set -x; x=1; echo "a b" $x; [ $x = 1 ]; set +x; echo off

### trap EXIT
trap 'echo bye $?' EXIT; echo hi; exit 4

### trap EXIT at the end
trap 'echo cleanup' 0; true

### trap EXIT in a subshell
trap 'echo outer' EXIT; (trap 'echo inner' EXIT; echo sub); echo main

### trap of a signal
trap 'echo got' USR1; kill -USR1 $$; echo after; trap - USR1; trap '' TERM; kill -TERM $$; echo alive

### set -e runs the trap
trap 'echo cleanup $?' EXIT; set -e; false; echo not reached

### exit status of the last
true; f() { false; }; f

### background and wait
cd "$(mktemp -d)"; (until [ -e go ]; do sleep 0.01; done; echo late) & echo early; : > go; wait; echo done; sh -c "exit 7" & wait $!; echo $?

### kill a job
sleep 1000 & p=$!; kill $p; wait $p; echo $?; kill -0 $p 2>/dev/null || echo gone

### timeout of a command
timeout 0.1 sleep 1000; echo $?; timeout 1000 sh -c "exit 3"; echo $?; timeout 1000 echo in time

### eval and indirection
n=v; v=value; eval "echo \$$n"; eval x=1 "y=2"; echo $x$y; eval "f() { echo dyn; }"; f

### dot reads a file
cd "$(mktemp -d)"; echo "A=file; g() { echo g; }" > lib; . ./lib; echo $A; g

### export and environment
export A=1; B=2; sh -c 'echo "[$A][$B]"'; B=3 sh -c 'echo $B'; echo $B; C=x; export C; env | grep "^C="; unset A; sh -c 'echo "[$A]"'

### scripts with parameters
cd "$(mktemp -d)"; printf '#!/bin/sh\necho "$# $1"\nexit 2\n' > s; chmod +x s; ./s "a b" c; echo $?; sh s; sh -c 'echo "$0 $1"' name arg

### not executable
cd "$(mktemp -d)"; echo "echo x" > s; ./s; echo $?

### test operators
[ a = a ] && echo 1; [ a != a ] || echo 2; [ -z "" ] && echo 3; [ -n x ] && echo 4; [ 1 -lt 2 -a 2 -gt 1 ] && echo 5; [ ! -e /no ] && echo 6; [ "(" = "(" ] && echo 7; [ -d /tmp ] && echo 8; test && echo no || echo 9; [ "" ] || echo 10; [ 3 -eq 03 ] && echo 11

### test errors
[ a -eq 1 ]; echo $?; [ 1 = ]; echo $?

### globs
cd "$(mktemp -d)"; touch a.txt b.txt .hid c.md; echo *.txt; echo [bc]*; echo *; echo ?.md; echo no*; echo "*.txt"; x="*.md"; echo $x "$x"; mkdir d; touch d/e; echo */*; set -f; echo *

### printf formats
printf "%s-%5s|%-5s|%05d|%x|%o|%c\n" a b c 42 255 8 xyz; printf "%d %s\n" 1 a 2 b; printf "%.2f %e %g\n" 3.14159 1234.5 0.0001; printf "%%|%b|\n" "t\tt"; printf "no newline"; printf "\n\101\n"; printf "%s\n"; printf "%3d|%+d\n" 7 7

### sed
printf "one two\nthree\n" | sed -e "s/o/0/g" -e "/three/d"; printf "a\nb\nc\n" | sed -n "2p;\$p"; echo "a/b" | sed "s|/|_|"; echo "key=val" | sed "s/\(.*\)=\(.*\)/\2=\1/"; printf "1\n2\n3\n4\n" | sed "2,3d"; echo abc | sed "s/b/[&]/;s/x/y/"; echo hello | sed -E "s/(l+)o/\1!/"

### sed on ping output
echo "64 bytes from 10.0.0.1: icmp_seq=1 ttl=64 time=0.045 ms" | sed -n "s/.*time=\([0-9.]*\) ms/\1/p"; echo "3 packets transmitted, 3 received, 0% packet loss, time 2003ms" | sed "s/.*, \([0-9]*\)% packet.*/\1/"

### awk fields
printf "a b c\nd e f\n" | awk "{print \$2, NR, NF}"; echo "x:y:z" | awk -F: "{print \$NF \$1}"; printf "1\n2\n3\n" | awk "{s+=\$1} END {print s, s/NR}"; echo "a b" | awk '{$1="Z"; print}'

### awk on ping output
printf "PING x\n\n3 packets transmitted, 2 received, 33%% packet loss, time 2003ms\nrtt min/avg/max/mdev = 0.1/0.2/0.3/0.05 ms\n" | awk -F"/" '/^rtt/ {print $5} /loss/ {split($0, a, ","); print a[3]}'; echo "time=12.5 ms" | awk 'match($0, /time=[0-9.]+/) {print substr($0, RSTART+5, RLENGTH-5)}'

### awk programs
seq 1 10 | awk '$1 % 2 == 0 && $1 > 2 {n++; last=$1} END {printf "%d even, last %s\n", n, last}'; printf "b\na\nb\n" | awk '{c[$1]++} END {for (k in c) print k, c[k]}' | sort; awk 'BEGIN {x = "A" 1+2; print x, length("four"), toupper("up"), index("hello","l"), substr("hello",2,3); if (!(3 in y)) print "none"; i=0; while (i<3) i++; print i; gsub(/a/,"b",z); print 1e3, 0.1+0.2, 10/4, 2^10}'

### grep
printf "foo\nbar\nfoobar\n" > /tmp/rl_grep.$$; f=/tmp/rl_grep.$$; grep foo $f; grep -c o $f; grep -v foo $f; grep -n bar $f; grep -E "^(foo|bar)$" $f; grep -o "o*b" $f; grep -q nope $f; echo $?; grep -i FOO $f | wc -l; grep -w foo $f; rm $f; echo "a.b" | grep -F "a.b"; grep x /no/such 2>/dev/null; echo $?

### cut, tr, sort, uniq
echo "a:b:c" | cut -d: -f2; echo "a:b:c" | cut -d: -f2-; echo abcdef | cut -c2-4; echo "a b" | tr " " "\n"; echo hello | tr -d l; echo aabbc | tr -s ab; printf "3\n10\n2\n" | sort -n; printf "b 2\na 10\nc 1\n" | sort -k2 -n; printf "a\na\nb\n" | uniq -c | sed "s/^ *//"; printf "z\ny\nz\n" | sort -ru

### head, tail, wc
seq 1 20 | head -3; seq 1 20 | tail -n 2; seq 5 | tail -n +4; seq 3 | wc -l; echo "a b c" | wc -w; printf abc | wc -c; seq 20 | head -n 1; seq 3 | tail -1; echo abcdef | head -c 3; echo

### seq and xargs
seq 3 -1 1; seq -s, 1 4; seq 0 5 20; echo 1 2 3 | xargs -n1 echo n; printf "a\nb\n" | xargs -I{} echo "<{}>"; echo x y | xargs

### bytes
x=$(printf "\303\251"); printf "%s" "$x" | wc -c; printf "\303\251\n" | od -An -tx1; echo abc | od -c; head -c 8 /dev/urandom | wc -c; head -c 4 /dev/zero | od -An -tx1

### checksums
printf abc | md5sum; printf abc | sha256sum | cut -d" " -f1; echo hello | base64; echo aGVsbG8K | base64 -d

### date formats
date -u -d @86400 +%Y-%m-%dT%H:%M:%SZ; date -u -d @0 "+%a %b %e %j %y %I %p"; TZ=UTC date -d "2024-02-29 12:34:56" +%s

### basename, dirname, expr
basename /a/b.c .c; dirname /a/b/c; dirname x; expr 1 + 2; expr 3 \* 4; expr abc : "a\(.\)c"; expr 1 = 2; echo $?; expr length hello

### getopts
set -- -a -b val -cx rest; while getopts ab:c: o; do echo "$o ${OPTARG:-}"; done; shift $((OPTIND-1)); echo "$@"

### command -v and type
command -v cd; f() { :; }; command -v f; command -v nosuchthing_x; echo $?; command echo via command; type cd

### tee
cd "$(mktemp -d)"; echo line | tee a b; cat a b; echo more | tee -a a > /dev/null; cat a

### line continuation and comments
echo a \
  b # comment
# whole line
echo "x#y" z#w; if true # c
then # c
 echo ok; fi

### retry loop
n=0; until [ "$n" -ge 3 ]; do n=$((n+1)); [ $n -eq 2 ] && { echo "ok after $n"; break; }; sleep 0.01; done

### key=value file
while IFS="=" read -r k v; do case $k in \#*|"") continue;; esac; eval "cfg_$k=\$v"; done <<EOF
# c
name=left
addr=10.1.0.5

opt=a=b
EOF
echo "$cfg_name $cfg_addr $cfg_opt"

### return in a loop
find_it() { for i in 1 2 3; do [ $i = 2 ] && { echo found $i; return 0; }; done; return 1; }; find_it; echo $?

### nested functions and globals
outer() { inner() { x=$1; }; inner "$1$1"; }; outer q; echo $x; unset -f inner; inner 2>/dev/null; echo $?

### assignment before a function
f() { echo "[$A]"; }; A=1; A=2 f; echo $A; A=5 true; echo $A; A=7 :; echo $A

### tilde
HOME=/h; echo ~ ~/x "~" a~; x=~/y; echo $x

### readonly
readonly R=1; echo $R; (R=2) 2>/dev/null; echo $?; R=3; echo not reached

### syntax error
echo before
if true; then
echo never

### exit codes above 255
(exit 256); echo $?; (exit 300); echo $?; sh -c "kill -9 \$\$"; echo $?

### yes with head
yes | head -n 3; yes no | head -1; seq 1 100000 | head -2

### brace-like words are plain
echo {a,b} a{1..3}

### wait for all
cd "$(mktemp -d)"; for i in 3 1 2; do (until [ -e $((i-1)) ]; do sleep 0.01; done; echo $i; : > $i) & done; : > 0; wait; echo all

### colon and true
: ignored $(echo x >&2) 2>/dev/null; while :; do break; done; true; echo $?

### umask, cd -, pwd
cd /tmp; cd /; cd - ; pwd; cd /no/such; echo $?

### mkdir, cp, mv, ln
cd "$(mktemp -d)"; mkdir -p a/b; echo x > a/f; cp a/f a/b/; mv a/f g; ls a a/b; cat a/b/f g; cp -r a c; ls c/b; ln -s g l; cat l; [ -L l ] && echo link; rm -rf a c; ls; mkdir g; echo $?; rmdir nope 2>/dev/null || echo no

### dollar signs alone
echo $ "$" a$ "a$"; echo "$ x" '$'

### local default parameter
f() { local a="${1:-none}" b=${2-x}; echo "$a/$b"; }; f; f 1 2; f "p q"

### long pipeline with a function
up() { tr a-z A-Z; }; printf "x 1\ny 2\n" | while read a b; do echo "$a=$b"; done | up | sort -r

### write errors keep going
echo a >&-; echo after

# Runs a recipe of the Makefile, $1, in which these functions can be used. Bash has the options -peu -o pipefail.
# ${_make} is the folder of the scripts, and the make that says what is to be made.
stamps=${_make-} host=${SLURMD_NODENAME:-$HOSTNAME}
stamps=${stamps%% *}
progress=$stamps/.progress.$host-$PPID.part
trap interrupted INT

# --- A level ---------------------------------------------------------------------------------------
# level NAME=VALUE... begins a recipe: it sets what the scripts of a level may use, and ${scratch}, with which
# the names of files begin that are not whole yet. Only this recipe uses them, and none of them stays.
level() {
    export "$@" scratch audit accuracies=
    folder=${target%/*}
    [ -d "$folder" ] && [ -d "$stamps" ] || mkdir -p "$folder" "$stamps"
    scratch=$folder/.${target##*/}.$host-$$-$RANDOM
    audit=$scratch.audit.part
    # Images of one network, on their way through it.
    passing=$scratch.passing.part
    trap at-the-end EXIT
    [ -z "$disk" ] || { disk=$(mktemp -d "$disk/local-errors.XXXXXXXX") && passing=$disk/passing.npy; }
    # The data come first, and are not counted. What make says never fails a recipe.
    if [ -n "$kind" ] || [[ $target == "$data"/* ]]; then announce || true; fi
}
at-the-end() {
    local status=$? left=("$scratch".*.part)
    [ ! -e "${left[0]}" ] || rm -rf "${left[@]}"
    [ -z "$disk" ] || rm -rf "$disk"
    if [ $status = 0 ] && [ -n "$kind" ]; then made 2> /dev/null || true; fi
}

# run NAME: the script of a command, which sees none of the functions here. In it, ${with} stands before each tool
# that reads a network.
run() (
    script=$stamps/$1
    set --
    # shellcheck disable=SC2046 # names
    unset -f $(compgen -A function)
    if [ -n "$with" ]; then
        for tool in extract-activations accuracy attack-fgsm attack-pgd attack-deepfool; do
            eval "$tool() { $with $tool \"\$@\"; }"
        done
    fi
    # shellcheck source=/dev/null
    . "$script"
)

# whole COMMAND...: what it writes becomes the target, at once.
whole() {
    "$@" > "$scratch.whole.part"
    mv -f "$scratch.whole.part" "$target"
}

# write FILE LINE...
write() {
    mkdir -p "${1%/*}"
    printf '%s\n' "${@:2}" > "${1%/*}/.${1##*/}.$$.part"
    mv -f "${1%/*}/.${1##*/}.$$.part" "$1"
}

# The images of the level, on stdout.
level-images() {
    if [ -n "$of_one_network" ]; then run "$attack" < "$stored"; else cat "$stored"; fi
}

# keep FILE...: they appear beside the target, each at once.
keep() {
    local file
    for file in "$@"; do mv -f "$scratch.$file.part" "$folder/$file"; done
}

# What was measured of a level before goes, and what the attack says of itself comes.
clear-level() {
    rm -f "$folder"/{audit.json,classes.jsonl,displacement.npy,displacement.jsonl,distances.npy}
    [ ! -e "$audit" ] || mv -f "$audit" "$folder/audit.json"
}

# clear-network PREREQUISITE...: a make that is stopped may have deleted only model.json, so first remove the
# other files of that network, and no other files. Training continues from its checkpoint unless a
# prerequisite has changed since.
clear-network() {
    rm -f "${model%/*}/accuracies.txt"
    if [ ! -e "$target" ]; then
        rm -f "$model"/{,epoch-*/}{model.json,history.jsonl,[wbrc][0-9]*.npy}
        rmdir "$model"/epoch-* "$model" 2> /dev/null || true
    fi
    [ -z "$(find "$@" -newer "$model.checkpoint" 2>&1)" ] || rm -f "$model.checkpoint"
}

# Remove what a killed make or tool left in a folder. No file that is still being written is an hour old.
tidy() {
    find "$1" -depth '(' -name '.*.part' -o -name '.*.tmp' ')' -mmin +60 -exec rm -rf {} + 2> /dev/null || true
}

# build-tools FOLDER: cargo puts the tools there, whatever the environment says, and tells where they are. A
# configuration of cargo can name another target (build.target), and then they are elsewhere.
build-tools() {
    local tool
    command -v cargo > /dev/null || { echo 'cargo is missing: https://rustup.rs installs it' >&2 && exit 1; }
    if [ -e "$1/.built" ]; then
        echo 'a source file is newer than the tools: compiling takes up to two minutes'
    else
        echo 'compiling the tools: two to four minutes, once'
    fi
    mkdir -p "$1"
    touch "$1/.building"
    env -u CARGO_BUILD_TARGET cargo build --release --locked --target-dir "${1%/release}" \
        --message-format json-render-diagnostics > "$1/.built.json"
    sed -nE 's/.*"executable":"([^"]*)".*/\1/p' "$1/.built.json" | while IFS= read -r tool; do
        if [ ! "$tool" -ef "$1/${tool##*/}" ]; then
            echo "cargo has put the tools into ${tool%/*} (build.target in a configuration of cargo):" \
                "add BIN=${tool%/*} to the command, which takes them from there" >&2
            exit 1
        fi
    done
    (cd "$1" && for tool in "$OLDPWD"/src/bin/*.rs; do cksum "$(basename "$tool" .rs)"; done) > "$1/.sums"
    mv -f "$1/.building" "$1/.built"
}

# runs RULE-FOLDER SEEDS LEVEL...
runs() {
    local seed
    for seed in $2; do printf "$1/seed-$seed/%s\n" "${@:3}"; done
}

# points FOLDER TRAIN_SIZES WIDTHS DEPTHS DATASETS: the studies of a sweep. layers WIDTH DEPTH: as in HIDDEN.
points() {
    local train width depth dataset
    for train in $2; do for width in $3; do for depth in $4; do for dataset in $5; do
        echo "$1/train-$train/width-$width/depth-$depth/$dataset"
    done; done; done; done
}
layers() {
    local layers
    printf -v layers ",$1%.0s" $(seq "$2")
    echo "${layers#,}"
}

# two-of-each ATTACK-STRENGTH...: of each attack, ATTACK/ATTACK-STRENGTH for two strengths.
two-of-each() {
    printf '%s\n' "$@" | awk '
        function show(i) { print attack "/" level[attack, i] }
        { attack = $1; sub(/-[^-]*$/, "", attack); level[attack, ++count[attack]] = $1 }
        END {
            for (attack in count) if (attack != "") {
                show(int((count[attack] + 2) / 3))
                show(int((2 * count[attack] + 2) / 3))
            }
        }'
}

# preset NAMES TYPED...: the settings of these presets, but for what the command line sets.
preset() {
    local name setting values
    while read -r name setting values; do
        if [[ " $1 " == *" $name "* && " ${*:2} " != *" $setting "* ]]; then echo "$setting='$values'"; fi
    done < data/presets.txt
}

# --- What make says --------------------------------------------------------------------------------
# `make -n` prints, among the recipes, `level kind=KIND target=FILE ...` of all that is to be made. Prints these
# as lines: the kind, and the rule or attack.
to-make() {
    awk '$1 == "level" && $2 != "kind=" {
            n = split($3, part, "/")
            name = part[n - 1]
            if ($2 == "kind=level") sub(/-[^-]*$/, "", name); else name = part[n - 3]
            print substr($2, 6), name
        }'
}

# What `make plan` prints.
plan() {
    to-make | sort | uniq -c | awk '
        function list(kind, title,    i, sum) {
            for (i in line) if (of[i] == kind) sum += count[i]
            print title ": " sum + 0
            for (i = 1; i <= NR; i++) if (of[i] == kind) printf "%6d %s\n", count[i], line[i]
        }
        { count[NR] = $1; of[NR] = $2; line[NR] = $3 }
        END {
            list("network", "networks to train")
            list("level", "levels to measure (one network, one attack, one strength)")
        }'
}

on-a-terminal() { [ -t 1 ] && [ "${TERM:-dumb}" != dumb ]; }
# The columns of the terminal, in `columns`.
measure-terminal() {
    local size
    { size=$(stty size <&3 2> /dev/null) || size='0 0'; } 3>&1
    columns=$((${size#* } > 0 ? ${size#* } : 80))
}

# say TEXT: lines that are not wider than the terminal, over the one that is rewritten.
say() {
    columns=80
    if on-a-terminal; then
        measure-terminal
        printf '\r\033[K'
    fi
    printf '%s\n' "$*" | awk -v width="$columns" '{
        match($0, /^ */)
        indent = RLENGTH + 4
        while (length($0) > width) {
            for (cut = width; cut > indent && substr($0, cut + 1, 1) != " "; cut--);
            if (cut == indent) cut = width
            print substr($0, 1, cut)
            $0 = sprintf("%" indent "s", "") substr($0, cut + 1 + (substr($0, cut + 1, 1) == " "))
        }
        print
    }'
}

# Microseconds, in `now`.
clock() {
    now=${EPOCHREALTIME:-$SECONDS.000000}
    now=${now/./}
}

# What this make does: a line `start TIME`, lines `plan KIND COUNT`, and a line `KIND MICROSECONDS` of each
# recipe that has ended: the file ${progress}.

# The first recipe of a make says what is going to be made.
announce() {
    clock
    begun=$now
    [ ! -e "$progress" ] || return 0
    (set -o noclobber && printf 'start %(%s)T\n' -1 > "$progress") 2> /dev/null || return 0
    # shellcheck disable=SC2086 # a command
    ${_make#* } 2> /dev/null | to-make |
        awk '{ n[$1]++ } END { for (kind in n) print "plan", kind, n[kind] }' >> "$progress"
    say "$(awk '$1 == "plan" { n[$2] = $3 }
        END {
            for (i = split("network probe level fit instrument sample page", kind); i; i--)
                if (n[kind[i]]) text = n[kind[i]] " " kind[i] (n[kind[i]] > 1 ? "s" : "") (text ? ", " : "") text
            print text
        }' "$progress")"
}

# The end of a recipe. A network is a line that stays, with its accuracies; on a terminal, of all others one
# line is rewritten, behind which the cursor stands at the beginning, so that a warning covers it. The time that
# is left follows from how long each kind took until now, or else from how it compares with the others.
made() {
    local counts status time name="$kind ${folder#"$study"/}"
    clock
    printf -v time '%(%s)T' -1
    case $kind in
        network) name="network $rule/seed-$seed$(sed 's/^/, /' "${model%/*}/accuracies.txt" 2> /dev/null || true)" ;;
        instrument) name+=/$(basename "${target%.*}") ;;
        page) name="page ${target##*/}" ;;
    esac
    echo "$kind $((now - begun))" >> "$progress"
    status=$(awk -v now="$time" '
        BEGIN {
            for (i = split("network 12 probe 5 level 1 fit 0.05 instrument 2 sample 0.3 page 2", word); i; i -= 2)
                usual[word[i - 1]] = word[i]
        }
        $1 == "start" { start = $2; next }
        $1 == "plan" { total[$2] = $3; all += $3; next }
        { n[$1]++; took[$1] += $2 / 1e6; done++; sum += $2 / 1e6; weight += usual[$1] }
        END {
            for (kind in total) if (total[kind] > n[kind])
                left += (total[kind] - n[kind]) * (n[kind] ? took[kind] / n[kind] : usual[kind] * sum / weight)
            s = now - start
            left = sum > 0 ? s * left / sum : 0
            printf "%d%s, %d:%02d", done, all ? "/" all : "", s / 60, s % 60
            if (s > 2 && done < all) printf ", about %d:%02d left", left / 60, left % 60
        }' "$progress")
    # At the end of `all`, its recipe looks for this file. Other goals leave none.
    counts=${status%%,*}
    if [[ $counts == */* && ${counts%/*} == "${counts#*/}" && " $_make " != *' all '* ]]; then rm -f "$progress"; fi
    if ! on-a-terminal; then
        echo "$status  $name"
        return
    fi
    [ "$kind" != network ] || { say "$name" && name=; }
    measure-terminal
    printf "\r\033[K%.$((columns - 1))s\r" "$status  $name"
}

# A make that is stopped says how to go on, once.
interrupted() {
    kind=
    ! rm "$progress" 2> /dev/null || say 'stopped: the same command continues from here'
    trap - INT
    kill -INT $$
}

# ended STUDY LEVELS: the end of a study, and the verdicts where the page is new.
ended() {
    if ! rm "$progress" 2> /dev/null; then
        say "nothing to do, the study is made: $1/report.html"
        return
    fi
    tidy "$1"
    say "$(cat "$1/verdicts.txt")"
    say "$2 levels in $1/table.csv, means over seeds in summary.csv"
    say "the report: $1/report.html"
}

eval "$1"

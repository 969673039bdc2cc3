#!/usr/bin/env bash
# Debian packages with manuals and message catalogues in the four languages, for training.packages:
#
#     training/packages.sh FOLDER
#     .venv/bin/python -m training.packages FOLDER --out extra/
#
# Everything is from Debian's main, so under a free licence; FOLDER/PACKAGE keeps its copyright
# file. Nothing is installed, and of each package only what is in one of the languages is unpacked.
# Run apt-get update first. Chosen on bookworm; packages that another release lacks are named and
# left out.
set -euo pipefail

folder=$1
mkdir -p "$folder"

manuals=(
    gimp-help-common gimp-help-nn gimp-help-da gimp-help-sv debian-handbook debian-edu-doc-nb-no
    debian-edu-doc-da debian-edu-doc-legacy-sv libreoffice-help-da libreoffice-help-sv
    installation-guide-amd64 gnome-user-docs dpkg apt apt-utils
)
catalogues=(
    firefox-esr-l10n-da firefox-esr-l10n-nb-no firefox-esr-l10n-nn-no firefox-esr-l10n-sv-se
    thunderbird-l10n-da thunderbird-l10n-nb-no thunderbird-l10n-nn-no thunderbird-l10n-sv-se
    libreoffice-l10n-da libreoffice-l10n-nb libreoffice-l10n-nn libreoffice-l10n-sv
    gimp-data inkscape gnucash-common evolution-common abiword-common gnumeric-common
    nautilus-data libgtk-3-common libglib2.0-data ardour-data audacity-data dia-common hugin-data
    lyx-common pidgin-data gramps vlc-l10n wx3.2-i18n tuxpaint tuxpaint-data rawtherapee-data
    darktable aptitude-common synaptic kid3-core scribus-data gnupg-l10n coreutils
    gnome-control-center-data gnome-shell-common epiphany-browser-data gedit-common
)
kde=(
    akonadi-contacts-data akregator ark blinken bomber cantor choqok digikam-data dolphin
    dragonplayer elisa filelight ghostwriter granatier gwenview juk k3b-data k3b-i18n kaddressbook
    kaffeine kalarm kalgebra-common kalzium-data kanagram kate5-data katomic kbibtex-data kbruch
    kde-cli-tools kdeconnect kdenlive-data kdevelop-data kdevelop-l10n kdiamond kexi-data kfind
    kgeography-data kget kgpg khangman kig kile kinfocenter kio kiten kleopatra klettres-data kmail
    kmines kmix kmplot kmymoney-common knotes kolourpaint konqueror konsole konversation-data
    korganizer kpat krdc krfb krita-l10n krusader kscreen kstars-data ksudoku ktimetracker
    ktorrent-data ktouch-data kturtle kwalletmanager kwin-data kwordquiz labplot labplot-data lokalize
    lskat marble-data minuet-data okular palapeli parley-data partitionmanager plasma-desktop-data
    plasma-discover-common plasma-nm plasma-workspace-data powerdevil-data rkward-data rocs
    skrooge-common step sweeper systemsettings tellico-data umbrello
)
stories=(
    wesnoth-1.16-data freeciv-data freedroidrpg-data
    wesnoth-1.16-did wesnoth-1.16-dm wesnoth-1.16-dw wesnoth-1.16-ei wesnoth-1.16-httt
    wesnoth-1.16-l wesnoth-1.16-low wesnoth-1.16-nr wesnoth-1.16-sof wesnoth-1.16-sota
    wesnoth-1.16-sotbe wesnoth-1.16-thot wesnoth-1.16-trow wesnoth-1.16-tsg wesnoth-1.16-ttb
    wesnoth-1.16-utbs
)

for package in "${manuals[@]}" "${catalogues[@]}" "${kde[@]}" "${stories[@]}"; do
    [ -e "$folder/$package" ] && continue
    rm -rf "$folder/.part" && mkdir "$folder/.part"
    if ! (cd "$folder/.part" && apt-get -qq download "$package" 2>&1); then
        echo "$package: not in this release" >&2
        continue
    fi
    # tar ends with an error where a pattern fits nothing.
    dpkg-deb --fsys-tarfile "$folder"/.part/*.deb | tar -x -C "$folder/.part" --wildcards \
        --exclude='*.png' --exclude='*.svg' --exclude='*.jpg' --exclude='*.gif' --exclude='*.ogg' \
        '*/da/*' '*/nb/*' '*/nn/*' '*/no/*' '*/sv/*' '*/da_DK/*' '*/nb_NO/*' '*/nn_NO/*' \
        '*/sv_SE/*' '*/da-DK/*' '*/nb-NO/*' '*/nn-NO/*' '*/sv-SE/*' '*/debian-edu-doc*' '*.xpi' \
        './usr/share/doc/*/copyright' 2>/dev/null || true
    rm "$folder"/.part/*.deb
    mv "$folder/.part" "$folder/$package"
done

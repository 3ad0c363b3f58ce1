//! Faults that last: halted cores, dead links, stuck bits, and packets to come that are lost, late
//! or diverted.

use crate::chip::board::LinkId;
use crate::chip::clock::Tick;
use crate::chip::geometry::{Pe, QpeId};
use crate::machine::noc::Load;
use crate::machine::sram::Stuck;
use crate::machine::state::{Packet, PacketKind};

/// Fault that a packet meets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::machine) enum Fate {
    Lost,
    Late(Tick),
    Astray(u32),
}

/// Faults that last.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// Bits that stick, with their PE.
    pub(super) stuck: Vec<(Pe, Stuck)>,
    /// PEs whose core has halted.
    dead: Vec<Pe>,
    /// Sender, packets still to come, what befalls them.
    pub(super) packets: Vec<(Pe, u32, Fate)>,
    /// Links that are dead, in the order of the faults.
    links: Vec<DeadLink>,
    /// Links between chips that are dead, in the order of the faults.
    chip_links: Vec<DeadChipLink>,
}

/// Link between chips that loses what would cross it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeadChipLink {
    /// Number of the link.
    pub link: LinkId,
    /// Count of packets that it has lost.
    pub packets: u64,
}

/// Link that loses what reaches it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeadLink {
    /// Number of the link in [`crate::machine::routes::Routes::links`].
    pub number: u8,
    /// Count of packets that it has lost.
    pub packets: u64,
    /// Count of beats of rows from DRAM that it has lost.
    pub beats: u64,
}

impl Faults {
    /// Returns `true` if a PE's core has halted.
    pub fn is_dead(&self, pe: Pe) -> bool {
        self.dead.contains(&pe)
    }

    /// Iterates over the PEs whose core has halted.
    pub fn dead(&self) -> impl Iterator<Item = Pe> {
        self.dead.iter().copied()
    }

    /// Halts a PE's core, if it has not halted.
    pub(super) fn halt(&mut self, pe: Pe) {
        if !self.is_dead(pe) {
            self.dead.push(pe);
        }
    }

    /// Makes a link dead; returns `false` if it was dead already.
    pub(super) fn kill_link(&mut self, number: u8) -> bool {
        let alive = self.links.iter().all(|link| link.number != number);
        if alive {
            self.links.push(DeadLink { number, packets: 0, beats: 0 });
        }
        alive
    }

    /// Counts a load that a dead link has lost.
    pub(in crate::machine) fn count_lost(&mut self, number: u8, load: Load) {
        if let Some(link) = self.links.iter_mut().find(|link| link.number == number) {
            match load {
                Load::Packet(_) => link.packets += 1,
                Load::Beat(_) => link.beats += 1,
            }
        }
    }

    /// Returns the dead link that has lost most, packets before beats; `None` if
    /// none lost anything.
    pub(in crate::machine) fn worst_link(&self) -> Option<DeadLink> {
        let lost = self.links.iter().filter(|link| link.packets + link.beats > 0);
        lost.rev().max_by_key(|link| (link.packets, link.beats)).copied()
    }

    /// Makes a link between chips dead, if it is not.
    pub(super) fn kill_chip_link(&mut self, link: LinkId) {
        if !self.is_chip_link_dead(link) {
            self.chip_links.push(DeadChipLink { link, packets: 0 });
        }
    }

    /// Returns whether a link between chips is dead.
    pub fn is_chip_link_dead(&self, link: LinkId) -> bool {
        self.chip_links.iter().any(|dead| dead.link == link)
    }

    /// Counts a packet that a link between chips loses; returns `false` if the link is alive.
    #[inline]
    pub(in crate::machine) fn lost_between_chips(&mut self, link: LinkId) -> bool {
        let dead = self.chip_links.iter_mut().find(|dead| dead.link == link);
        dead.map(|dead| dead.packets += 1).is_some()
    }

    /// Returns the dead link between chips that has lost most; `None` if none lost anything.
    pub(in crate::machine) fn worst_chip_link(&self) -> Option<DeadChipLink> {
        let lost = self.chip_links.iter().filter(|dead| dead.packets > 0);
        lost.rev().max_by_key(|dead| dead.packets).copied()
    }

    /// Returns the stuck bits of a PE.
    pub(in crate::machine) fn stuck(&self, pe: Pe) -> Vec<Stuck> {
        self.stuck.iter().filter(|(at, _)| *at == pe).map(|(_, stuck)| *stuck).collect()
    }

    /// Returns what befalls a packet that is sent now.
    pub(in crate::machine) fn fate(&mut self, packet: &Packet) -> Option<Fate> {
        let to_pe =
            matches!(packet.kind, PacketKind::Values { .. }) && !packet.host && packet.qpe != QpeId::ROUTER;
        let meets = |&(sender, _, fate): &(Pe, u32, Fate)| {
            sender.index() == usize::from(packet.source) && (to_pe || !matches!(fate, Fate::Astray(_)))
        };
        let at = self.packets.iter().position(meets)?;
        let (_, left, fate) = &mut self.packets[at];
        let fate = *fate;
        *left -= 1;
        if *left == 0 {
            self.packets.remove(at);
        }
        Some(fate)
    }

    /// Returns whether there is any.
    pub(in crate::machine) fn any(&self) -> bool {
        let Self { stuck, dead, packets, links, chip_links } = self;
        !(stuck.is_empty()
            && dead.is_empty()
            && packets.is_empty()
            && links.is_empty()
            && chip_links.is_empty())
    }

    /// Returns whether bits stick.
    pub(in crate::machine) fn stick(&self) -> bool {
        !self.stuck.is_empty()
    }

    /// Returns all lasting faults as words, for hashing.
    pub(in crate::machine) fn words(&self) -> impl Iterator<Item = u64> {
        let stuck = self.stuck.iter().flat_map(|(pe, stuck)| {
            [
                1 << 60 | pe.index() as u64,
                u64::from(stuck.word),
                u64::from(stuck.mask) << 32 | u64::from(stuck.value),
            ]
        });
        let dead = self.dead.iter().map(|pe| 2 << 60 | pe.index() as u64);
        let packets = self.packets.iter().flat_map(|&(sender, left, fate)| {
            let (kind, value) = match fate {
                Fate::Lost => (3, 0),
                Fate::Late(ticks) => (4, ticks),
                Fate::Astray(address) => (5, u64::from(address)),
            };
            [kind << 60 | (sender.index() as u64) << 32 | u64::from(left), value]
        });
        let links = self
            .links
            .iter()
            .flat_map(|&DeadLink { number, packets, beats }| [6 << 60 | u64::from(number), packets, beats]);
        let chip_links =
            self.chip_links.iter().flat_map(|dead| [7 << 60 | dead.link.index() as u64, dead.packets]);
        stuck.chain(dead).chain(packets).chain(links).chain(chip_links)
    }
}

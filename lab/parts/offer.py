#!/usr/bin/python3
"""Makes what a region offers, where it is missing. Called by first-time.sh, with the admin of clouds.yaml.

The rule: whatever is there is left as it is, so that a run that was cut off can be done again.
"""
import os
import sys

import openstack


def connect(region):
    return openstack.connect(cloud="admin", region_name=region)


def catalog(*endpoints):
    """Users, roles and services; endpoints as REGION TYPE URL, one after another."""
    triples = list(zip(endpoints[::3], endpoints[1::3], endpoints[2::3]))
    identity = connect(triples[0][0]).identity

    def role(name):
        return identity.find_role(name) or identity.create_role(name=name)

    def user(name, project_name, password, roles):
        project = identity.find_project(project_name) or identity.create_project(name=project_name, domain_id="default")
        found = identity.find_user(name) or identity.create_user(
            name=name, password=password, domain_id="default", default_project_id=project.id)
        for one in roles:
            identity.assign_project_role_to_user(project, found, role(one))

    for name in ("neutron", "nova", "glance", "placement"):
        user(name, "service", os.environ["SERVICE_PASSWORD"], ["admin", "service"])
    user("demo", "demo", os.environ["DEMO_PASSWORD"], ["member", "reader"])
    user("other", "other", os.environ["OTHER_PASSWORD"], ["member", "reader"])

    names = {"network": "neutron", "compute": "nova", "placement": "placement", "image": "glance"}
    services = {service.type: service for service in identity.services()}
    for region, kind, url in triples:
        if kind not in services:
            services[kind] = identity.create_service(name=names[kind], type=kind)
        service = services[kind]
        there = {(one.region_id, one.interface) for one in identity.endpoints(service_id=service.id)}
        for interface in ("public", "internal", "admin"):
            if (region, interface) not in there:
                identity.create_endpoint(service_id=service.id, region_id=region, interface=interface, url=url)


def network(region, prefix):
    """ext-net: the floating IPs, PREFIX.10 to .200."""
    neutron = connect(region).network
    net = neutron.find_network("ext-net") or neutron.create_network(
        name="ext-net", is_router_external=True, provider_network_type="flat", provider_physical_network="ext", is_shared=False)
    if not neutron.find_subnet("ext-subnet"):
        neutron.create_subnet(
            name="ext-subnet", network_id=net.id, ip_version=4, cidr=f"{prefix}.0/24", gateway_ip=f"{prefix}.1", is_dhcp_enabled=False,
            allocation_pools=[{"start": f"{prefix}.10", "end": f"{prefix}.200"}])


def image(region, folder):
    """labvm: a kernel and a ramdisk; its disk is empty."""
    cloud = connect(region)

    def ensure(name, file, kind, container, **properties):
        return cloud.image.find_image(name) or cloud.create_image(
            name, filename=f"{folder}/{file}", disk_format=kind, container_format=container, visibility="public", wait=True, **properties)

    kernel = ensure("labvm-kernel", "vmlinuz", "aki", "aki")
    ramdisk = ensure("labvm-ramdisk", "initrd.gz", "ari", "ari")
    ensure("labvm", "disk.raw", "raw", "bare", kernel_id=kernel.id, ramdisk_id=ramdisk.id,
           os_command_line="console=ttyS0 panic=10", hw_rng_model="virtio")


def flavor(region):
    compute = connect(region).compute
    if not compute.find_flavor("m1.nano"):
        compute.create_flavor(name="m1.nano", ram=192, vcpus=1, disk=1)


if __name__ == "__main__":
    {"catalog": catalog, "network": network, "image": image, "flavor": flavor}[sys.argv[1]](*sys.argv[2:])

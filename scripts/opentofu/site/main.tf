# One end of the VPN.
terraform {
  required_providers {
    openstack = {
      source = "terraform-provider-openstack/openstack"
    }
  }
}

variable "name" { type = string }
variable "cidr" { type = string }
variable "peer_cidr" { type = string }
variable "peer_address" { type = string }
variable "psk" {
  type      = string
  sensitive = true
}

output "address" {
  value = openstack_vpnaas_service_v2.this.external_v4_ip
}

data "openstack_networking_network_v2" "outside" {
  name     = "ext-net"
  external = true
}

resource "openstack_networking_network_v2" "this" {
  name = "bench-${var.name}"
}

resource "openstack_networking_subnet_v2" "this" {
  name       = "bench-${var.name}"
  network_id = openstack_networking_network_v2.this.id
  cidr       = var.cidr
}

resource "openstack_networking_router_v2" "this" {
  name                = "bench-${var.name}"
  external_network_id = data.openstack_networking_network_v2.outside.id
}

resource "openstack_networking_router_interface_v2" "this" {
  router_id = openstack_networking_router_v2.this.id
  subnet_id = openstack_networking_subnet_v2.this.id
}

resource "openstack_vpnaas_ike_policy_v2" "this" {
  name                 = "bench-${var.name}"
  ike_version          = "v1"
  auth_algorithm       = "sha1"
  encryption_algorithm = "aes-128"
  pfs                  = "group5"
}

resource "openstack_vpnaas_ipsec_policy_v2" "this" {
  name                 = "bench-${var.name}"
  auth_algorithm       = "sha1"
  encryption_algorithm = "aes-128"
  pfs                  = "group5"
}

resource "openstack_vpnaas_service_v2" "this" {
  name      = "bench-${var.name}"
  router_id = openstack_networking_router_v2.this.id

  depends_on = [openstack_networking_router_interface_v2.this]
}

resource "openstack_vpnaas_endpoint_group_v2" "local" {
  name      = "bench-${var.name}-local"
  type      = "subnet"
  endpoints = [openstack_networking_subnet_v2.this.id]
}

resource "openstack_vpnaas_endpoint_group_v2" "peer" {
  name      = "bench-${var.name}-peer"
  type      = "cidr"
  endpoints = [var.peer_cidr]
}

resource "openstack_vpnaas_site_connection_v2" "this" {
  name              = "bench-${var.name}"
  ikepolicy_id      = openstack_vpnaas_ike_policy_v2.this.id
  ipsecpolicy_id    = openstack_vpnaas_ipsec_policy_v2.this.id
  vpnservice_id     = openstack_vpnaas_service_v2.this.id
  local_ep_group_id = openstack_vpnaas_endpoint_group_v2.local.id
  peer_ep_group_id  = openstack_vpnaas_endpoint_group_v2.peer.id
  peer_address      = var.peer_address
  peer_id           = var.peer_address
  psk               = var.psk
}
